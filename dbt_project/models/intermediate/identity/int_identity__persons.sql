-- The records of persons with the person of each. Browsers are not records: they belong to persons for a time.
with
records as (
    select * from {{ ref('int_canonical__persons') }}
),

membership as (
    select * from {{ ref('int_identity__membership') }}
),

final as (
    select
        records.record_key,
        records.source_system,
        records.record_type,
        records.record_id,
        records.email,
        records.account_record_key,
        records.created_at,
        membership.component_key,
        membership.person_id
    from records
    inner join membership
        on records.record_key = membership.record_key
)

select * from final

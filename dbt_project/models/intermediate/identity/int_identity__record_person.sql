with
persons as (
    select * from {{ ref('int_identity__persons') }}
),

anonymous_links as (
    select * from {{ ref('int_identity__anonymous_links') }}
    where refused_reason is null
),

person_accounts as (
    select * from {{ ref('int_identity__person_accounts') }}
),

records as (
    select source_system, record_type, record_id, person_id
    from persons

    union all

    select distinct source_system, 'anonymous_id' as record_type, anonymous_id as record_id, person_id
    from anonymous_links
),

final as (
    select
        records.source_system,
        records.record_type,
        records.record_id,
        records.person_id,
        person_accounts.account_id
    from records
    inner join person_accounts
        on records.person_id = person_accounts.person_id
)

select * from final

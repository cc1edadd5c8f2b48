with
lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
    where can_begin_journey
),

lead_versions as (
    select * from {{ ref('stg_salesforce__lead_versions') }}
),

owners as (
    select * from {{ ref('dim_owner') }}
),

-- A lead of a tool whose versions are not kept had its owner from the beginning, for all that is known.
versions as (
    select
        lead_records.lead_id,
        lead_records.record_key,
        lead_records.created_at,
        coalesce(lead_versions.source_system || ':' || lead_versions.owner_id, lead_records.owner_id) as owner_id,
        coalesce(lead_versions.updated_at, lead_records.created_at) as updated_at
    from lead_records
    left join lead_versions
        on
            lead_records.source_system = lead_versions.source_system
            and lead_records.record_id = lead_versions.lead_id
            and lead_records.lead_kind = 'crm'
),

changes as (
    select
        *,
        lag(updated_at) over versions_of_record is null as is_first
    from versions
    window versions_of_record as (partition by record_key order by updated_at)
    qualify is_first or owner_id is distinct from lag(owner_id) over versions_of_record
),

begun as (
    select
        *,
        case when is_first then created_at else updated_at end as from_at
    from changes
),

final as (
    select
        begun.lead_id,
        begun.record_key,
        begun.owner_id,
        -- A queue is nobody in person.
        begun.owner_id is not null and owners.owner_state != 'queue' as has_owner,
        begun.from_at,
        lead(begun.from_at) over (partition by begun.record_key order by begun.from_at) as to_at
    from begun
    left join owners on begun.owner_id = owners.owner_id
)

select * from final

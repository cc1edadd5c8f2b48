with
lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
    where can_begin_journey
),

lead_versions as (
    select * from {{ ref('stg_salesforce__lead_versions') }}
),

-- A lead of a tool whose versions are not kept had its owner from the beginning, for all that is known.
versions as (
    select
        lead_records.lead_id,
        lead_records.record_key,
        lead_records.created_at,
        case
            when lead_versions.lead_id is not null then lead_versions.source_system || ':' || lead_versions.owner_id
            else lead_records.owner_id
        end as owner_id,
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
        lead_id,
        record_key,
        owner_id,
        from_at,
        lead(from_at) over (partition by record_key order by from_at) as to_at
    from begun
)

select * from final

with
lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
),

lead_versions as (
    select * from {{ ref('stg_salesforce__lead_versions') }}
),

-- MA contacts own a journey only where there is no CRM or file lead.
owning_records as (
    select *
    from lead_records
    qualify can_begin_journey or not bool_or(can_begin_journey) over (partition by lead_id)
),

-- A lead of a tool whose versions are not kept had its owner from the beginning, for all that is known.
versions as (
    select
        owning_records.lead_id,
        owning_records.record_key,
        owning_records.created_at,
        owning_records.merged_away_at,
        case
            when lead_versions.lead_id is not null then lead_versions.source_system || ':' || lead_versions.owner_id
            else owning_records.owner_id
        end as owner_id,
        coalesce(lead_versions.updated_at, owning_records.created_at) as updated_at
    from owning_records
    left join lead_versions
        on
            owning_records.source_system = lead_versions.source_system
            and owning_records.record_id = lead_versions.lead_id
            and owning_records.lead_kind = 'crm'
    -- The merge itself is a version too; from then on nobody owns the record.
    where owning_records.merged_away_at is null or lead_versions.updated_at < owning_records.merged_away_at
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
        coalesce(lead(from_at) over (partition by record_key order by from_at), merged_away_at) as to_at
    from begun
)

select * from final

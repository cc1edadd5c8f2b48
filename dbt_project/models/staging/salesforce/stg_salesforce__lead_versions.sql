with
source as (
    select * from {{ source('raw', 'salesforce__leads') }}
),

versions as (
    {{ latest_version('source', key=['Id', 'SystemModstamp']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as lead_id,
        OwnerId as owner_id,

        -- times
        coalesce(SystemModstamp, CreatedDate) as updated_at
    from versions
)

select * from final

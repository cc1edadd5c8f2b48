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
        -- Users only (005): what waits in a queue (00G) has no owner yet.
        case when OwnerId like '005%' then OwnerId end as owner_id,

        -- times
        coalesce(SystemModstamp, CreatedDate) as updated_at
    from versions
)

select * from final

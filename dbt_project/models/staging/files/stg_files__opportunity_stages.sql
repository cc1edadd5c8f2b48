with
source as (
    select * from {{ source('raw', 'files__opportunity_stage') }}
),

latest as (
    {{ latest_version('source', key=['opportunity_id', 'stage', 'entered_at']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        opportunity_id,

        -- text
        {{ cleaned('stage') }} as stage,

        -- times
        entered_at
    from latest
)

select * from final

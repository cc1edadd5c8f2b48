with
source as (
    select * from {{ source('raw', 'files__owner') }}
),

latest as (
    {{ latest_version('source', key=['owner_id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        owner_id,

        -- text
        name as owner_name,
        {{ cleaned('team') }} as team,
        {{ cleaned('region') }} as region,

        -- numbers
        daily_capacity
    from latest
)

select * from final

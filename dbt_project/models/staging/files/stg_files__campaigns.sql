with
source as (
    select * from {{ source('raw', 'files__campaign') }}
),

latest as (
    {{ latest_version('source', key=['lower(' ~ cleaned('campaign_id') ~ ')']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        lower({{ cleaned('campaign_id') }}) as campaign_id,

        -- text
        {{ cleaned('name') }} as campaign_name,
        {{ as_code('channel') }} as channel,

        -- numbers
        budget,

        -- times
        started_on,
        ended_on
    from latest
)

select * from final

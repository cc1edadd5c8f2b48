with
source as (
    select * from {{ source('raw', 'files__event') }}
),

latest as (
    {{ latest_version('source', own_id='event_id') }}
),

final as (
    select
        -- ids
        _source as source_system,
        coalesce(event_id, _file || '#' || _row_number) as event_id,
        {{ cleaned('anonymous_id') }} as anonymous_id,
        {{ cleaned('user_id') }} as user_id,
        lower({{ cleaned('campaign_id') }}) as campaign_id,
        {{ cleaned('content_id') }} as content_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ as_code('event_name') }} as event_name,
        lower({{ cleaned('email') }}) as email,
        url,
        referrer,
        {{ as_code('channel') }} as channel,

        -- numbers
        value,

        -- times
        occurred_at
    from latest
)

select * from final

with
source as (
    select * from {{ source('raw', 'zoom_webinar__scheduled_webinars') }}
),

latest as (
    {{ latest_version('source', key=['id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as webinar_id,

        -- text
        {{ cleaned('topic') }} as topic,

        -- numbers
        duration as planned_minutes,

        -- times
        start_time as planned_at
    from latest
)

select * from final

with
source as (
    select * from {{ source('raw', 'zoom_webinar__webinars') }}
),

latest as (
    {{ latest_version('source', key=['"Webinar ID"']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        "Webinar ID" as webinar_id,

        -- text
        Topic as topic,

        -- numbers
        "Actual Duration (minutes)" as duration_minutes,
        "# Registered" as registered_count,
        "Unique Viewers" as viewer_count,

        -- times
        "Actual Start Time" as started_at
    from latest
)

select * from final

with
source as (
    select * from {{ source('raw', 'zoom_webinar__webinar_reports') }}
),

latest as (
    {{ latest_version('source', key=['uuid']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        uuid as session_id,
        id as webinar_id,

        -- text
        {{ cleaned('topic') }} as topic,
        lower({{ cleaned('user_email') }}) as host_email,

        -- numbers
        duration as duration_minutes,
        participants_count as participant_count,

        -- times
        start_time as started_at
    from latest
)

select * from final

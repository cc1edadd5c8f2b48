with
reported_webinars as (
    select * from {{ ref('stg_zoom_webinar__webinars') }}
),

sessions as (
    select * from {{ ref('stg_zoom_webinar__sessions') }}
),

scheduled_webinars as (
    select * from {{ ref('stg_zoom_webinar__scheduled_webinars') }}
),

-- The downloaded report speaks of the session that was held last, so does this.
held as (
    select
        source_system,
        webinar_id,
        max_by(topic, started_at) as topic,
        max_by(duration_minutes, started_at) as duration_minutes,
        max(started_at) as started_at
    from sessions
    group by source_system, webinar_id
),

-- What was held goes before what was planned, the API before a report of the same webinar.
unioned as (
    select
        source_system,
        webinar_id,
        topic,
        duration_minutes,
        started_at,
        1 as precedence
    from held

    union all

    select
        source_system,
        webinar_id,
        topic,
        duration_minutes,
        started_at,
        2 as precedence
    from reported_webinars

    union all

    select
        source_system,
        webinar_id,
        topic,
        planned_minutes as duration_minutes,
        planned_at as started_at,
        3 as precedence
    from scheduled_webinars
),

final as (
    select
        source_system,
        webinar_id,
        topic,
        duration_minutes,
        started_at
    from unioned
    qualify row_number() over (partition by source_system, webinar_id order by precedence) = 1
)

select * from final

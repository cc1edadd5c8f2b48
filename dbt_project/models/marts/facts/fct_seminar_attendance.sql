with
attendees as (
    select * from {{ ref('stg_zoom_webinar__attendees') }}
),

webinars as (
    select * from {{ ref('stg_zoom_webinar__webinars') }}
),

record_person as (
    select * from {{ ref('record_person') }}
    where record_type = 'attendee'
),

-- Who leaves and comes back has several lines in the report.
attendance as (
    select
        source_system,
        webinar_id,
        attendee_email,
        min(registered_at) as registered_at,
        min(joined_at) as joined_at,
        max(left_at) as left_at,
        cast(coalesce(sum(minutes_in_session), 0) as bigint) as minutes_attended,
        bool_or(is_attended) as is_attended,
        bool_or(is_promising) as is_promising
    from attendees
    where coalesce(registered_at, joined_at) < {{ as_of() }}
    group by source_system, webinar_id, attendee_email
),

final as (
    select
        {{ surrogate_key(['attendance.source_system', 'attendance.webinar_id', 'record_person.person_id', 'attendance.attendee_email']) }}
            as attendance_id,
        attendance.source_system,
        attendance.source_system || ':' || attendance.webinar_id as content_id,
        record_person.person_id,
        record_person.account_id,
        webinars.started_at as seminar_started_at,
        attendance.registered_at,
        attendance.joined_at,
        attendance.left_at,
        attendance.minutes_attended,
        webinars.duration_minutes as seminar_minutes,
        attendance.is_attended,
        attendance.is_promising
    from attendance
    left join webinars
        on
            attendance.source_system = webinars.source_system
            and attendance.webinar_id = webinars.webinar_id
    left join record_person
        on
            attendance.source_system = record_person.source_system
            and attendance.attendee_email = record_person.record_id
)

select * from final

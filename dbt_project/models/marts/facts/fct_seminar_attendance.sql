with
attendees as (
    select * from {{ ref('int_canonical__seminar_attendees') }}
),

webinars as (
    select * from {{ ref('int_canonical__seminars') }}
),

record_person as (
    select * from {{ ref('record_person') }}
    where record_type = 'attendee'
),

-- Who leaves and comes back, or registers with two addresses, has several lines in the report.
attendance as (
    select
        attendees.source_system,
        attendees.webinar_id,
        record_person.person_id,
        record_person.account_id,
        min(attendees.registered_at) as registered_at,
        min({{ known_by_as_of('attendees.joined_at') }}) as joined_at,
        max({{ known_by_as_of('attendees.left_at') }}) as left_at,
        cast(coalesce(sum(attendees.minutes_in_session), 0) as bigint) as minutes_attended,
        bool_or(attendees.is_attended and coalesce(attendees.joined_at < {{ as_of() }}, true)) as is_attended,
        bool_or(attendees.is_survey_answered) as is_survey_answered,
        bool_or(attendees.is_promising) as is_promising
    from attendees
    inner join record_person
        on
            attendees.source_system = record_person.source_system
            and attendees.attendee_email = record_person.record_id
    where coalesce(attendees.registered_at, attendees.joined_at) < {{ as_of() }}
    group by attendees.source_system, attendees.webinar_id, record_person.person_id, record_person.account_id
),

final as (
    select
        {{ surrogate_key(['attendance.source_system', 'attendance.webinar_id', 'attendance.person_id']) }}
            as attendance_id,
        attendance.source_system,
        attendance.source_system || ':' || attendance.webinar_id as content_id,
        attendance.person_id,
        attendance.account_id,
        webinars.started_at as seminar_started_at,
        attendance.registered_at,
        attendance.joined_at,
        attendance.left_at,
        attendance.minutes_attended,
        webinars.duration_minutes as seminar_minutes,
        attendance.is_attended,
        attendance.is_survey_answered,
        attendance.is_promising
    from attendance
    left join webinars
        on
            attendance.source_system = webinars.source_system
            and attendance.webinar_id = webinars.webinar_id
)

select * from final

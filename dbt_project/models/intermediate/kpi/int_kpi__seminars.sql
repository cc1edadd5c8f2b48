with
attendance as (
    select * from {{ ref('fct_seminar_attendance') }}
),

meetings as (
    select
        person_id,
        meeting_at
    from {{ ref('fct_lead_lifecycle') }}
    where meeting_at is not null
),

-- Attendees whose journey had its first meeting within 30 days after the seminar.
followed_attendance as (
    select distinct attendance.attendance_id
    from attendance
    inner join meetings
        on
            attendance.person_id = meetings.person_id
            and meetings.meeting_at >= attendance.seminar_started_at
            and meetings.meeting_at < {{ dbt.dateadd('day', 30, 'attendance.seminar_started_at') }}
    where attendance.is_attended
),

judged as (
    select
        attendance.*,
        coalesce(attendance.seminar_started_at < {{ as_of() }}, false) as has_started,
        followed_attendance.attendance_id is not null as has_meeting
    from attendance
    left join followed_attendance on attendance.attendance_id = followed_attendance.attendance_id
),

anchored as (
    {% for anchor, time in {'registered': 'registered_at', 'started': 'seminar_started_at'}.items() %}
    select
        '{{ anchor }}' as anchor,
        {{ business_day(time) }} as date_on,
        content_id,
        has_started,
        is_attended,
        is_survey_answered,
        is_promising,
        has_meeting
    from judged
    where {{ time }} is not null {{ 'and has_started' if anchor == 'started' }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        date_on,
        'event' as channel,
        content_id,
        count(*) filter (where anchor = 'registered') as seminar_registrations,
        count(*) filter (where anchor = 'registered' and has_started) as started_seminar_registrations,
        count(*) filter (where anchor = 'registered' and has_started and is_attended) as started_seminar_attendances,
        count(*) filter (where anchor = 'started' and is_attended) as seminar_attendances,
        count(*) filter (where anchor = 'started' and is_attended and is_survey_answered) as seminar_survey_answers,
        count(*) filter (where anchor = 'started' and is_promising) as promising_answers,
        count(*) filter (where anchor = 'started' and has_meeting) as seminar_meetings
    from anchored
    group by all
)

select * from final

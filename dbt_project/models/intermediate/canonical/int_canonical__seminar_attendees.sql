with
reported_attendees as (
    select * from {{ ref('stg_zoom_webinar__attendees') }}
),

registrants as (
    select * from {{ ref('stg_zoom_webinar__registrants') }}
),

participants as (
    select * from {{ ref('stg_zoom_webinar__participants') }}
),

sessions as (
    select * from {{ ref('stg_zoom_webinar__sessions') }}
),

panelists as (
    select * from {{ ref('stg_zoom_webinar__panelists') }}
),

answers as (
    select * from {{ ref('stg_zoom_webinar__answers') }}
),

answer_rules as (
    select * from {{ ref('seminar_answer_rules') }}
),

-- The API lists whoever was there; the report keeps hosts and speakers apart.
hosts_and_speakers as (
    select source_system, webinar_id, host_email as email
    from sessions
    union
    select source_system, webinar_id, email
    from panelists
),

-- An address registers once, the first time; a registration tells it where Zoom hides it.
registrations as (
    select *
    from registrants
    qualify
        row_number() over (partition by source_system, webinar_id, email order by registered_at, registrant_id) = 1
),

presences as (
    select
        participants.source_system,
        participants.webinar_id,
        coalesce(registrants.email, participants.email) as email,
        participants.source_file,
        participants.source_row_number,
        participants.display_name,
        participants.seconds_in_session,
        participants.joined_at,
        participants.left_at
    from participants
    left join registrants
        on
            participants.source_system = registrants.source_system
            and participants.webinar_id = registrants.webinar_id
            and participants.registrant_id = registrants.registrant_id
),

attendances as (
    select presences.*
    from presences
    left join hosts_and_speakers
        on
            presences.source_system = hosts_and_speakers.source_system
            and presences.webinar_id = hosts_and_speakers.webinar_id
            and presences.email = hosts_and_speakers.email
    where presences.email is not null and hosts_and_speakers.email is null
),

judged_answers as (
    select
        answers.source_system,
        answers.webinar_id,
        answers.email,
        bool_or(answers.answer_kind = 'survey') as is_survey_answered,
        bool_or(rules.wording is not null) as is_promising
    from answers
    left join answer_rules as rules
        on
            {{ matches('lower(answers.question)', 'rules.question_pattern') }}
            and {{ matches('lower(answers.answer)', 'rules.answer_pattern') }}
    where answers.email is not null and answers.answer is not null
    group by answers.source_system, answers.webinar_id, answers.email
),

-- One line for each time that somebody joined, and one for each who registered and did not come.
attended as (
    select
        coalesce(attendances.source_system, registrations.source_system) as source_system,
        coalesce(attendances.webinar_id, registrations.webinar_id) as webinar_id,
        coalesce(attendances.email, registrations.email) as attendee_email,
        coalesce(attendances.source_file, registrations.source_file) as source_file,
        coalesce(attendances.source_row_number, registrations.source_row_number) as source_row_number,
        case when registrations.email is null then attendances.display_name else registrations.last_name end as last_name,
        registrations.first_name,
        registrations.company_name,
        registrations.phone,
        cast(round(attendances.seconds_in_session / 60.0) as bigint) as minutes_in_session,
        attendances.email is not null as is_attended,
        registrations.registered_at,
        attendances.joined_at,
        attendances.left_at
    from registrations
    full outer join attendances
        on
            registrations.source_system = attendances.source_system
            and registrations.webinar_id = attendances.webinar_id
            and registrations.email = attendances.email
),

answered as (
    select
        attended.*,
        coalesce(judged_answers.is_survey_answered, false) as is_survey_answered,
        coalesce(judged_answers.is_promising, false) as is_promising
    from attended
    left join judged_answers
        on
            attended.source_system = judged_answers.source_system
            and attended.webinar_id = judged_answers.webinar_id
            and attended.attendee_email = judged_answers.email
),

known_webinars as (
    select distinct source_system, webinar_id
    from answered
),

-- A source may change from downloaded reports to the API: of a webinar that both tell of, the API counts.
reported as (
    select reported_attendees.*
    from reported_attendees
    left join known_webinars
        on
            reported_attendees.source_system = known_webinars.source_system
            and reported_attendees.webinar_id = known_webinars.webinar_id
    where known_webinars.webinar_id is null
),

unioned as (
    select * from reported
    union all by name
    select * from answered
),

final as (
    select
        -- ids
        source_system,
        webinar_id,
        attendee_email,

        -- lineage
        source_file,
        source_row_number,

        -- text
        last_name,
        first_name,
        company_name,
        phone,

        -- numbers
        minutes_in_session,

        -- booleans
        is_attended,
        is_survey_answered,
        is_promising,

        -- times
        registered_at,
        joined_at,
        left_at
    from unioned
)

select * from final

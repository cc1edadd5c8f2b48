with
source as (
    select * from {{ source('raw', 'zoom_webinar__attendees') }}
),

latest as (
    {{ latest_version('source', key=['webinar_id', 'Email', '"Join Time"']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        webinar_id,
        lower({{ cleaned('Email') }}) as attendee_email,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('"Last Name"') }} as last_name,
        {{ cleaned('"First Name"') }} as first_name,
        {{ cleaned('Company') }} as company_name,
        {{ cleaned('Phone') }} as phone,

        -- numbers
        "Time in Session (minutes)" as minutes_in_session,

        -- booleans
        lower(Attended) = 'yes' as is_attended,
        lower(coalesce("Survey Answered", '')) = 'yes' as is_survey_answered,
        lower(coalesce(Promising, '')) = 'yes' as is_promising,

        -- times
        "Registration Time" as registered_at,
        "Join Time" as joined_at,
        "Leave Time" as left_at
    from latest
)

select * from final

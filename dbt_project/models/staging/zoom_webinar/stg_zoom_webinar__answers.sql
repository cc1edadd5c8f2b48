with
survey_answers as (
    select * from {{ source('raw', 'zoom_webinar__survey_answers') }}
),

poll_answers as (
    select * from {{ source('raw', 'zoom_webinar__poll_answers') }}
),

sheets as (
    select
        'survey' as answer_kind,
        webinar_id,
        email,
        name,
        answer_details as details,
        _source,
        _file,
        _row_number,
        _delivered_at,
        _loaded_at
    from survey_answers

    union all

    select
        'poll' as answer_kind,
        webinar_id,
        email,
        name,
        question_details as details,
        _source,
        _file,
        _row_number,
        _delivered_at,
        _loaded_at
    from poll_answers
),

latest as (
    {{ latest_version('sheets', key=['answer_kind', 'webinar_id', 'email', 'name']) }}
),

unnested as (
    select
        _source,
        webinar_id,
        answer_kind,
        email,
        unnest(details) as detail
    from latest
),

final as (
    select
        -- ids
        _source as source_system,
        webinar_id,
        lower({{ cleaned('email') }}) as email,

        -- text
        answer_kind,
        {{ cleaned('detail.question') }} as question,
        {{ cleaned('detail.answer') }} as answer
    from unnested
)

select * from final

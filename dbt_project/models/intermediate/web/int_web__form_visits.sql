with
sessions as (
    select * from {{ ref('fct_sessions') }}
),

events as (
    select * from {{ ref('fct_events') }}
    where event_name in ('form_start', 'form_submit') and session_id is not null and page_path is not null
),

visits as (
    select
        session_id,
        page_path,
        bool_or(event_name = 'form_submit') as is_completed
    from events
    group by session_id, page_path
    having bool_or(event_name = 'form_start')
),

final as (
    select
        visits.session_id,
        visits.page_path,
        sessions.started_on,
        visits.is_completed
    from visits
    inner join sessions on visits.session_id = sessions.session_id
)

select * from final

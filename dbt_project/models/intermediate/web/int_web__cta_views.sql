with
sessions as (
    select * from {{ ref('fct_sessions') }}
),

events as (
    select * from {{ ref('fct_events') }}
    where event_name in ('cta_view', 'cta_click') and session_id is not null and content_id is not null
),

views as (
    select
        session_id,
        content_id,
        arg_min(page_path, (occurred_at, event_id)) filter (where event_name = 'cta_view') as page_path,
        bool_or(event_name = 'cta_click') as is_clicked
    from events
    group by session_id, content_id
    having bool_or(event_name = 'cta_view')
),

final as (
    select
        views.session_id,
        views.content_id,
        coalesce(views.page_path, 'unknown') as page_path,
        sessions.started_on,
        views.is_clicked
    from views
    inner join sessions on views.session_id = sessions.session_id
)

select * from final

with
hits as (
    select * from {{ ref('int_web__hits') }}
),

browser_owners as (
    select * from {{ ref('browser_owners') }}
),

person_accounts as (
    select * from {{ ref('int_identity__person_accounts') }}
),

sessions as (
    select
        session_id,
        min(source_system) as source_system,
        min(anonymous_id) as anonymous_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as event_count,
        count(*) filter (where event_name = 'page_view') as page_view_count,
        arg_min(content_id, (occurred_at, event_id)) filter (where event_name = 'page_view') as landing_path,
        -- The first hit that carries a traffic source speaks for the session.
        arg_min((channel, campaign_id), (occurred_at, event_id)) filter (where channel is not null) as traffic,
        bool_or(event_name = 'form_view') as has_form_view,
        bool_or(event_name = 'form_start') as has_form_start,
        bool_or(event_name = 'form_submit') as is_converted,
        -- As decimals: a sum of doubles depends on their order.
        cast(sum(cast(dwell_seconds as decimal(18, 3))) as double) as dwell_seconds,
        max(scroll_percent) as max_scroll_percent
    from hits
    group by session_id
),

-- Each call to action once a session; a click counts where the session saw it.
calls_to_action as (
    select
        session_id,
        content_id,
        bool_or(event_name = 'cta_view') as is_viewed,
        bool_or(event_name = 'cta_click') as is_clicked
    from hits
    where event_name in ('cta_view', 'cta_click')
    group by session_id, content_id
),

calls_to_action_counted as (
    select
        session_id,
        count(*) filter (where is_viewed) as cta_view_count,
        count(*) filter (where is_viewed and is_clicked) as cta_click_count
    from calls_to_action
    group by session_id
),

final as (
    select
        sessions.session_id,
        browser_owners.person_id,
        person_accounts.account_id,
        {{ surrogate_key(['sessions.source_system', 'sessions.anonymous_id']) }} as visitor_id,
        sessions.source_system,
        coalesce(sessions.traffic[1], 'direct') as channel,
        sessions.traffic[2] as campaign_id,
        sessions.landing_path,
        sessions.event_count,
        sessions.page_view_count,
        coalesce(sessions.dwell_seconds, 0) as dwell_seconds,
        sessions.max_scroll_percent,
        coalesce(calls_to_action_counted.cta_view_count, 0) as cta_view_count,
        coalesce(calls_to_action_counted.cta_click_count, 0) as cta_click_count,
        sessions.has_form_view,
        sessions.has_form_start,
        sessions.is_converted,
        sessions.started_at,
        sessions.ended_at,
        {{ business_day('sessions.started_at') }} as started_on
    from sessions
    left join calls_to_action_counted
        on sessions.session_id = calls_to_action_counted.session_id
    left join browser_owners
        on
            sessions.source_system = browser_owners.source_system
            and sessions.anonymous_id = browser_owners.anonymous_id
            and coalesce(sessions.started_at >= browser_owners.valid_from, true)
            and coalesce(sessions.started_at < browser_owners.valid_to, true)
    left join person_accounts
        on browser_owners.person_id = person_accounts.person_id
)

select * from final

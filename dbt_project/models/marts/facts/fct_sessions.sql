with
hits as (
    select * from {{ ref('int_web__hits') }}
),

record_person as (
    select * from {{ ref('record_person') }}
    where record_type = 'anonymous_id'
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
        bool_or(event_name = 'form_submit') as is_converted
    from hits
    group by session_id
),

final as (
    select
        sessions.session_id,
        record_person.person_id,
        record_person.account_id,
        {{ surrogate_key(['sessions.source_system', 'sessions.anonymous_id']) }} as visitor_id,
        sessions.source_system,
        coalesce(sessions.traffic[1], 'direct') as channel,
        sessions.traffic[2] as campaign_id,
        sessions.landing_path,
        sessions.event_count,
        sessions.page_view_count,
        sessions.is_converted,
        sessions.started_at,
        sessions.ended_at,
        {{ business_day('sessions.started_at') }} as started_on
    from sessions
    left join record_person
        on
            sessions.source_system = record_person.source_system
            and sessions.anonymous_id = record_person.record_id
)

select * from final

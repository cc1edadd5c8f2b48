-- Web hits of people = events in the session fact = events that name a session.
with
events as (
    select count(*) as hits
    from {{ ref('int_canonical__events') }}
    where surface = 'web' and anonymous_id is not null and not is_bot
),

sessions as (
    select coalesce(sum(event_count), 0) as hits
    from {{ ref('fct_sessions') }}
),

session_events as (
    select count(*) as hits
    from {{ ref('fct_events') }}
    where session_id is not null
),

final as (
    select
        events.hits as canonical_hits,
        sessions.hits as session_hits,
        session_events.hits as fact_hits
    from events
    cross join sessions
    cross join session_events
    where events.hits <> sessions.hits or events.hits <> session_events.hits
)

select * from final

-- The events that a micro-conversion or final conversion names, with whose they are: few of the many that there are.
with
events as (
    select * from {{ ref('fct_events') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

micro_conversions as (
    select * from {{ ref('micro_conversions') }}
),

final_conversions as (
    select * from {{ ref('final_conversions') }}
),

named as (
    select event_name from micro_conversions
    union
    select event_name from final_conversions
),

final as (
    select
        events.event_id,
        -- A browser that is nobody's stands for itself; once it shows a person, its events are the person's.
        coalesce(events.person_id, sessions.visitor_id) as subject_id,
        events.person_id,
        events.account_id,
        sessions.visitor_id,
        events.session_id,
        events.channel,
        events.campaign_id,
        events.content_id,
        events.event_name,
        events.value,
        events.scroll_percent,
        events.dwell_seconds,
        events.occurred_at
    from events
    inner join named
        on events.event_name = named.event_name
    left join sessions
        on events.session_id = sessions.session_id
    where coalesce(events.person_id, sessions.visitor_id) is not null
)

select * from final

-- Sessions, and visitors over all their sessions, with the furthest step of the web funnel that each reached. A visitor
-- stands where the first session stood: one population, whatever later sessions brought the visitor back.
with
events as (
    select * from {{ ref('fct_events') }}
    where session_id is not null
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

steps as (
    select * from {{ ref('web_funnel_steps') }}
),

reached as (
    select
        events.session_id,
        max(steps.step_order) as step_order
    from events
    inner join steps
        on
            events.event_name = steps.event_name
            and coalesce({{ matches('events.page_path', 'steps.page_pattern') }}, steps.page_pattern is null)
    group by events.session_id
),

session_journeys as (
    select
        'session' as population,
        sessions.session_id,
        sessions.visitor_id,
        sessions.session_id as journey_id,
        sessions.started_at,
        sessions.channel,
        coalesce(sessions.campaign_id, 'unattributed') as campaign_id,
        coalesce(sessions.landing_path, 'unattributed') as landing_path,
        coalesce(reached.step_order, 1) as step_order
    from sessions
    left join reached on sessions.session_id = reached.session_id
),

visitor_journeys as (
    select
        'visitor' as population,
        session_id,
        visitor_id,
        visitor_id as journey_id,
        started_at,
        channel,
        campaign_id,
        landing_path,
        max(step_order) over (partition by visitor_id) as step_order
    from session_journeys
    qualify row_number() over (partition by visitor_id order by started_at, session_id) = 1
),

united as (
    select * from session_journeys
    union all
    select * from visitor_journeys
),

final as (
    select
        population,
        journey_id,
        {{ business_day('started_at') }} as date_on,
        channel,
        campaign_id,
        landing_path,
        step_order
    from united
)

select * from final

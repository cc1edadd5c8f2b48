{%- set grains = ['month', 'quarter', 'all'] -%}

-- Who met a content in a period, and when first: later outcomes are measured from there.
with
events as (
    select * from {{ ref('fct_events') }}
    where content_id is not null
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

interactions as (
    select * from {{ ref('content_interactions') }}
),

met as (
    select
        events.content_id,
        coalesce(events.person_id, sessions.visitor_id) as subject_id,
        events.occurred_at,
        interactions.interaction,
        {{ business_day('events.occurred_at') }} as date_on
    from events
    inner join interactions
        on events.event_name = interactions.event_name
    left join sessions
        on events.session_id = sessions.session_id
    where coalesce(events.person_id, sessions.visitor_id) is not null
),

-- One row a day first: the grains need not go over every event.
daily as (
    select
        content_id,
        subject_id,
        date_on,
        min(occurred_at) as first_at,
        count(*) filter (where interaction = 'view') as views,
        count(*) filter (where interaction = 'action') as actions
    from met
    group by content_id, subject_id, date_on
),

dated as (
    select
        *,
        {{ rollup_periods(grains) }}
    from daily
),

final as (
    {% for grain in grains -%}
    select
        '{{ grain }}' as period_grain,
        {{ 'cast(null as date)' if grain == 'all' else grain ~ '_on' }} as period_start,
        content_id,
        subject_id,
        min(first_at) as first_at,
        cast(sum(views) as bigint) as views,
        cast(sum(actions) as bigint) as actions
    from dated
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final

{#- The time by which a journey's measures are put into a period. -#}
{%- set anchors = {
    'created': 'created_at', 'hot': 'hot_at', 'mql': 'mql_at', 'sal': 'sal_at', 'sql': 'sql_at',
    'meeting': 'meeting_at', 'reactivated': 'entered_at',
} -%}

with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

stage_events as (
    select * from {{ ref('fct_lead_stage_events') }}
),

-- A journey may wake up several times; each counts on its own day.
reactivations as (
    select
        lifecycle.*,
        stage_events.entered_at
    from lifecycle
    inner join stage_events on lifecycle.lead_id = stage_events.lead_id
    where stage_events.stage = 'reactivated'
),

anchored as (
    {% for anchor, time in anchors.items() %}
    select
        '{{ anchor }}' as anchor,
        {{ business_day(time) }} as date_on,
        channel,
        campaign_id,
        content_id,
        segment,
        owner_id,
        conversion_point,
        is_valid_lead,
        sql_at,
        opportunity_at,
        won_at,
        has_meeting_since_mql
    from {{ 'reactivations' if anchor == 'reactivated' else 'lifecycle' }}
    where {{ time }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        date_on,
        channel,
        campaign_id,
        content_id,
        segment,
        owner_id,
        conversion_point,
        count(*) filter (where anchor = 'created') as leads,
        count(*) filter (where anchor = 'created' and is_valid_lead) as valid_leads,
        count(won_at) filter (where anchor = 'created') as leads_won,
        count(*) filter (where anchor = 'hot') as journeys_hot,
        count(*) filter (where anchor = 'mql') as mql_reached,
        count(sql_at) filter (where anchor = 'mql') as mql_with_sql,
        count(*) filter (where anchor = 'mql' and has_meeting_since_mql) as mql_with_meeting,
        count(*) filter (where anchor = 'sal') as sal_reached,
        count(*) filter (where anchor = 'sql') as sql_reached,
        count(opportunity_at) filter (where anchor = 'sql') as sql_with_opportunity,
        count(*) filter (where anchor = 'meeting') as first_meetings,
        count(*) filter (where anchor = 'reactivated') as journeys_reactivated
    from anchored
    group by all
)

select * from final

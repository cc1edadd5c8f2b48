{#- The funnel's stages from the bottom up; what is recorded of a stage stands in <stage>_recorded_at. -#}
{%- set stages = ['lead', 'mql', 'sal', 'sql', 'opportunity', 'won'] -%}

with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

activities as (
    select * from {{ ref('int_lifecycle__activities') }}
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

accounts as (
    select * from {{ ref('dim_account') }}
),

stage_times as (
    select * from {{ ref('int_lifecycle__stage_times') }}
),

scores as (
    select * from {{ ref('fct_lead_scores') }}
),

hot_leads as (
    select * from {{ ref('fct_hot_leads') }}
),

dormancy as (
    select * from {{ ref('int_lifecycle__dormancy') }}
),

judged as (
    select
        lead_id,
        {% for stage in stages + ['lost'] -%}
        max(case when stage = '{{ stage }}' then reached_at end) as {{ stage }}_recorded_at,
        {% endfor -%}
        max(definition_version) as definition_version
    from stage_times
    group by lead_id
),

touches as (
    select
        lead_id,
        min(occurred_at) filter (where is_with_person) as first_touch_at,
        min(occurred_at) filter (where activity_type = 'meeting') as meeting_at,
        max(occurred_at) filter (where activity_type = 'meeting') as last_meeting_at
    from activities
    where is_completed
    group by lead_id
),

amounts as (
    select
        lead_id,
        cast(sum(amount) as decimal(18, 2)) as amount,
        cast(sum(amount) filter (where is_won) as decimal(18, 2)) as won_amount,
        max(currency) as currency
    from opportunities
    where lead_id is not null
    group by lead_id
),

heated as (
    select
        lead_id,
        min(hot_at) as hot_at,
        min(hot_at) filter (where kind = 'score') as hot_by_score_at,
        min(hot_at) filter (where kind = 'behaviour') as hot_by_behaviour_at
    from hot_leads
    group by lead_id
),

slept as (
    select
        lead_id,
        count(*) as dormant_count,
        max(dormant_at) as dormant_at,
        max(reactivated_at) as reactivated_at,
        bool_or(left_at is null) as is_dormant
    from dormancy
    group by lead_id
),

recorded as (
    select
        journeys.*,
        {% for stage in stages + ['lost'] -%}
        judged.{{ stage }}_recorded_at,
        {% endfor -%}
        judged.definition_version,
        touches.first_touch_at,
        touches.meeting_at,
        touches.last_meeting_at,
        amounts.amount,
        amounts.won_amount,
        amounts.currency
    from journeys
    left join judged on journeys.lead_id = judged.lead_id
    left join touches on journeys.lead_id = touches.lead_id
    left join amounts on journeys.lead_id = amounts.lead_id
),

-- A stage that was skipped counts as reached when the next later stage was reached, at that time. A lost journey had an
-- opportunity; losing implies nothing above it.
implied as (
    select
        *,
        {% for stage in stages[:-1] -%}
        coalesce(
            {%- for later in stages[loop.index0:] %}{{ later }}_recorded_at, {% endfor %}lost_recorded_at
        ) as {{ stage }}_implied_at,
        {% endfor -%}
        won_recorded_at as won_implied_at
    from recorded
),

-- A stage never stands before the one below it: a time recorded earlier (clock skew) is moved to the time of the stage
-- below, so that each stands at the latest time of itself and all below.
moved as (
    select
        {% for stage in stages -%}
        case
            when {{ stage }}_implied_at is not null
                then greatest(
                    {%- for lower in stages[:loop.index] %}{{ lower }}_implied_at{{ ', ' if not loop.last }}{% endfor -%}
                )
        end as {{ stage }}_at,
        {% endfor -%}
        *
    from implied
),

reasoned as (
    select
        case when lost_recorded_at is not null then greatest(lost_recorded_at, opportunity_at) end as lost_at,
        case when journey_number > 1 then 'recycled' else 'recorded' end as lead_reason,
        {% for stage in stages[1:] -%}
        case
            when {{ stage }}_at is null then null
            when {{ stage }}_recorded_at is null then 'implied'
            when {{ stage }}_recorded_at < {{ stage }}_at then 'moved'
            else 'recorded'
        end as {{ stage }}_reason,
        {% endfor -%}
        *
    from moved
),

final as (
    select
        reasoned.lead_id,
        reasoned.person_id,
        reasoned.account_id,
        reasoned.channel,
        reasoned.campaign_id,
        reasoned.content_id,
        reasoned.owner_id,
        reasoned.conversion_point,
        coalesce(accounts.industry, 'unknown') as segment,
        reasoned.journey_number,
        reasoned.record_count,
        reasoned.is_recycled,
        coalesce(persons.has_business_address and accounts.is_target, false) as is_valid_lead,
        accounts.industry,
        accounts.employee_band,
        accounts.region,
        reasoned.created_at,
        reasoned.mql_at,
        reasoned.sal_at,
        reasoned.sql_at,
        reasoned.opportunity_at,
        reasoned.won_at,
        reasoned.lost_at,
        reasoned.first_touch_at,
        reasoned.meeting_at,
        reasoned.last_meeting_at,
        heated.hot_at,
        heated.hot_by_score_at,
        heated.hot_by_behaviour_at,
        slept.dormant_at,
        slept.reactivated_at,
        reasoned.next_created_at as next_journey_at,
        coalesce(reasoned.last_meeting_at >= reasoned.mql_at, false) as has_meeting_since_mql,
        case
            when reasoned.won_at is not null then 'won'
            when reasoned.lost_at is not null then 'lost'
            {% for stage in stages[1:-1] | reverse -%}
            when reasoned.{{ stage }}_at is not null then '{{ stage }}'
            {% endfor -%}
            else 'lead'
        end as current_stage,
        coalesce(slept.is_dormant, false) as is_dormant,
        coalesce(slept.dormant_count, 0) as dormant_count,
        scores.fit_score,
        scores.behaviour_score,
        scores.score,
        {% for stage in stages -%}
        reasoned.{{ stage }}_reason,
        {% endfor -%}
        reasoned.amount,
        reasoned.won_amount,
        reasoned.currency,
        reasoned.definition_version
    from reasoned
    left join persons on reasoned.person_id = persons.person_id
    left join accounts on reasoned.account_id = accounts.account_id
    left join scores on reasoned.lead_id = scores.lead_id
    left join heated on reasoned.lead_id = heated.lead_id
    left join slept on reasoned.lead_id = slept.lead_id
)

select * from final

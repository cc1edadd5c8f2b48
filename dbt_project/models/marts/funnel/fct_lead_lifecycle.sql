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

stage_definitions as (
    select * from {{ ref('stage_definitions') }}
),

definition_versions as (
    select
        definition_version,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        max(case when rule = 'touch_within_hours' then parameter end) as touch_within_hours,
        max(case when rule = 'bant_at_least' then parameter end) as bant_at_least,
        max(case when rule = 'next_step_required' then parameter end) as next_step_required
    from stage_definitions
    group by definition_version, valid_from, valid_to
),

defined as (
    select
        journeys.*,
        definition_versions.definition_version,
        definition_versions.touch_within_hours,
        definition_versions.bant_at_least,
        definition_versions.next_step_required,
        case
            when journeys.mql_marked_at is not null then greatest(journeys.mql_marked_at, journeys.created_at)
        end as mql_from_at
    from journeys
    left join definition_versions
        on {{ business_day('journeys.created_at') }} between definition_versions.valid_from and definition_versions.valid_to
),

-- SAL: sales accepted and tried to reach within 24 h of MQL. A clock that runs behind may put the try before MQL.
touches as (
    select
        defined.lead_id,
        min(activities.occurred_at) filter (
            where activities.is_completed and activities.is_with_person
        ) as first_touch_at,
        min(activities.occurred_at) filter (
            where
            activities.is_completed
            and activities.is_with_person
            and activities.occurred_at
            between {{ dbt.dateadd('hour', '-defined.touch_within_hours', 'defined.mql_from_at') }}
            and {{ dbt.dateadd('hour', 'defined.touch_within_hours', 'defined.mql_from_at') }}
        ) as timely_touch_at,
        min(activities.occurred_at) filter (where activities.activity_type = 'meeting' and activities.is_completed)
            as meeting_at,
        max(activities.occurred_at) filter (where activities.activity_type = 'meeting' and activities.is_completed)
            as last_meeting_at
    from defined
    inner join activities on defined.lead_id = activities.lead_id
    group by defined.lead_id
),

-- SQL: at least two of the four BANT points confirmed, and a next step agreed.
bant_confirmations as (
    {% for point in ['budget', 'authority', 'need', 'timeline'] %}
    select
        lead_id,
        bant_at_least,
        {{ point }}_confirmed_at as confirmed_at
    from defined
    where {{ point }}_confirmed_at is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

bant_ranked as (
    select
        *,
        row_number() over (partition by lead_id order by confirmed_at) as confirmation_rank
    from bant_confirmations
),

bant_reached as (
    select
        lead_id,
        confirmed_at as bant_reached_at
    from bant_ranked
    where confirmation_rank = bant_at_least
),

-- Won as soon as one opportunity is won; lost once all are.
results as (
    select
        lead_id,
        min(created_at) as opportunity_at,
        min(closed_at) filter (where is_won) as won_at,
        case when bool_and(is_closed and not is_won) then max(closed_at) end as lost_at,
        cast(sum(amount) as decimal(18, 2)) as amount,
        cast(sum(amount) filter (where is_won) as decimal(18, 2)) as won_amount,
        max(currency) as currency
    from opportunities
    where lead_id is not null
    group by lead_id
),

recorded as (
    select
        defined.*,
        touches.first_touch_at,
        touches.meeting_at,
        touches.last_meeting_at,
        results.amount,
        results.won_amount,
        results.currency,
        defined.created_at as lead_recorded_at,
        defined.mql_marked_at as mql_recorded_at,
        coalesce(case when defined.is_accepted then touches.timely_touch_at end, defined.sal_marked_at)
            as sal_recorded_at,
        coalesce(
            case
                when defined.next_step_required = 0 then bant_reached.bant_reached_at
                when defined.next_step_agreed_at is not null and bant_reached.bant_reached_at is not null
                    then greatest(defined.next_step_agreed_at, bant_reached.bant_reached_at)
            end,
            defined.sql_marked_at
        ) as sql_recorded_at,
        results.opportunity_at as opportunity_recorded_at,
        results.won_at as won_recorded_at,
        results.lost_at as lost_recorded_at
    from defined
    left join touches on defined.lead_id = touches.lead_id
    left join bant_reached on defined.lead_id = bant_reached.lead_id
    left join results on defined.lead_id = results.lead_id
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
)

select * from final

{#- The funnel's stages from the bottom up, as columns of fct_lead_lifecycle. -#}
{%- set stages = ['lead', 'mql', 'sal', 'sql'] -%}
{%- set times = ['created_at', 'mql_at', 'sal_at', 'sql_at', 'opportunity_at', 'won_at'] -%}

with
lifecycle as (
    select
        *,
        won_at is null and lost_at is null and next_journey_at is null as is_open
    from {{ ref('fct_lead_lifecycle') }}
    where account_id is not null
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
    where account_id is not null
),

accounts as (
    select * from {{ ref('dim_account') }}
),

of_journeys as (
    select
        account_id,
        {% for time in times[:4] -%}
        min({{ time }}) as {{ time }},
        {% endfor -%}
        min(first_touch_at) as first_touch_at,
        min(meeting_at) as meeting_at,
        min(hot_at) as hot_at,
        count(*) as journeys,
        count(distinct person_id) as persons,
        count(*) filter (where is_open) as open_journeys,
        max(
            case
                {% for stage in stages -%}
                when is_open and current_stage = '{{ stage }}' then {{ loop.index }}
                {% endfor -%}
                -- Its opportunity may be another account's; SQL it reached with its own people.
                when is_open and current_stage = 'opportunity' then {{ stages | length }}
            end
        ) as open_stage_order,
        count(*) filter (where is_dormant) as dormant_journeys,
        max(score) as best_score
    from lifecycle
    group by account_id
),

of_opportunities as (
    select
        account_id,
        count(*) as opportunities,
        count(*) filter (where not is_closed) as open_opportunities,
        count(*) filter (where is_won) as won_opportunities,
        min(created_at) as opportunity_at,
        min(closed_at) filter (where is_won) as won_at,
        max(closed_at) filter (where is_won) as last_won_at,
        case when bool_and(is_closed and not is_won) then max(closed_at) end as lost_at,
        cast(sum(amount) filter (where not is_closed) as decimal(18, 2)) as open_amount,
        cast(sum(amount) filter (where is_won) as decimal(18, 2)) as won_amount,
        max(currency) as currency
    from opportunities
    group by account_id
),

-- An account's opportunities count whether a journey led to them or not; one that its people's journey led to at another
-- account is that account's.
joined as (
    select
        coalesce(of_journeys.account_id, of_opportunities.account_id) as account_id,
        {% for time in times[:4] -%}
        of_journeys.{{ time }},
        {% endfor -%}
        of_opportunities.opportunity_at,
        of_opportunities.won_at,
        of_opportunities.last_won_at,
        of_opportunities.lost_at,
        of_journeys.first_touch_at,
        of_journeys.meeting_at,
        of_journeys.hot_at,
        of_journeys.journeys,
        of_journeys.persons,
        of_journeys.open_journeys,
        of_journeys.open_stage_order,
        of_journeys.dormant_journeys,
        of_journeys.best_score,
        of_opportunities.opportunities,
        of_opportunities.open_opportunities,
        of_opportunities.won_opportunities,
        of_opportunities.open_amount,
        of_opportunities.won_amount,
        of_opportunities.currency
    from of_journeys
    full outer join of_opportunities on of_journeys.account_id = of_opportunities.account_id
),

-- As with journeys, whoever reached a stage reached those below it, at that time at the latest.
final as (
    select
        joined.account_id,
        accounts.is_target,
        coalesce(accounts.industry, 'unknown') as segment,
        {% for time in times[:-1] -%}
        least({% for later in times[loop.index0:] %}joined.{{ later }}{{ ', ' if not loop.last }}{% endfor %}) as {{ time }},
        {% endfor -%}
        joined.won_at,
        joined.last_won_at,
        joined.lost_at,
        joined.first_touch_at,
        joined.meeting_at,
        joined.hot_at,
        case
            when joined.won_at is not null then 'won'
            when joined.open_opportunities > 0 then 'opportunity'
            {% for stage in stages -%}
            when joined.open_stage_order = {{ loop.index }} then '{{ stage }}'
            {% endfor -%}
            else 'lost'
        end as current_stage,
        coalesce(joined.persons, 0) as persons,
        coalesce(joined.journeys, 0) as journeys,
        coalesce(joined.open_journeys, 0) as open_journeys,
        coalesce(joined.dormant_journeys, 0) as dormant_journeys,
        joined.best_score,
        coalesce(joined.opportunities, 0) as opportunities,
        coalesce(joined.open_opportunities, 0) as open_opportunities,
        coalesce(joined.won_opportunities, 0) as won_opportunities,
        joined.open_amount,
        joined.won_amount,
        joined.currency
    from joined
    inner join accounts on joined.account_id = accounts.account_id
)

select * from final

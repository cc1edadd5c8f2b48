{%- set steps = ['lead', 'mql', 'sal', 'sql', 'opportunity', 'won'] -%}
{%- set grains = ['day', 'week', 'month', 'quarter', 'all'] -%}
{%- set dimensions = {
    'channel': 'channel', 'campaign': 'campaign_id', 'content': 'content_id', 'segment': 'segment', 'owner': 'owner_id',
    'conversion_point': 'conversion_point', 'channel_x_conversion_point': 'channel_x_conversion_point',
} -%}
{%- set cost_dimensions = {'channel': 'channel', 'campaign': 'campaign_id'} -%}
{%- set shares = {'p10': 0.1, 'p25': 0.25, 'median': 0.5, 'p75': 0.75, 'p90': 0.9} -%}

with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

costs as (
    select * from {{ ref('fct_costs') }}
),

-- One row a journey and step it entered, with the time of the next step.
entries as (
    {% for step in steps %}
    select
        '{{ step }}' as step,
        created_at,
        channel,
        campaign_id,
        coalesce(content_id, 'unattributed') as content_id,
        segment,
        coalesce(owner_id, 'unassigned') as owner_id,
        conversion_point,
        channel || ' × ' || conversion_point as channel_x_conversion_point,
        won_amount,
        {{ 'created_at' if step == 'lead' else step ~ '_at' }} as entered_at,
        {{ 'cast(null as timestamp)' if loop.last else steps[loop.index] ~ '_at' }} as next_at
    from lifecycle
    where {{ 'created_at' if step == 'lead' else step ~ '_at' }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The cohort view counts a journey in the period it was created in, the period view each step in its own period.
viewed as (
    select
        *,
        'cohort' as view,
        {{ business_day('created_at') }} as date_on
    from entries
    union all
    select
        *,
        'period' as view,
        {{ business_day('entered_at') }} as date_on
    from entries
),

dated as (
    select
        *,
        {{ minutes_between('entered_at', 'next_at') }} as minutes,
        {{ rollup_periods(grains) }}
    from viewed
),

counted as (
    select
        view,
        step,
        {{ rollup_labels(grains, dimensions) }},
        count(*) as entered,
        count(next_at) as passed,
        {{ percentiles('minutes', shares.values()) }} as minutes_percentiles,
        cast(sum(won_amount) as decimal(18, 2)) as won_amount
    from dated
    group by {{ rollup_sets(['view', 'step'], grains, dimensions) }} -- noqa: PRS
),

acquisition_costs as (
    select
        *,
        occurred_on as date_on
    from costs
    where is_acquisition
),

dated_costs as (
    select
        channel,
        campaign_id,
        amount,
        {{ rollup_periods(grains) }}
    from acquisition_costs
),

summed_costs as (
    select
        {{ rollup_labels(grains, cost_dimensions) }},
        cast(sum(amount) as decimal(18, 2)) as cost
    from dated_costs
    group by {{ rollup_sets([], grains, cost_dimensions) }} -- noqa: PRS
),

-- Every funnel shows all its steps, also those that nobody entered, and money that was spent without a lead.
funnels as (
    select view, period_grain, period_start, dimension, dimension_value from counted
    union
    select 'cohort' as view, period_grain, period_start, dimension, dimension_value from summed_costs
    union
    select 'period' as view, period_grain, period_start, dimension, dimension_value from summed_costs
),

steps as (
    {% for step in steps -%}
    select
        '{{ step }}' as step,
        {{ loop.index }} as step_order
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

stepped as (
    select
        funnels.*,
        steps.step,
        steps.step_order,
        coalesce(counted.entered, 0) as entered,
        case when steps.step != 'won' then coalesce(counted.passed, 0) end as passed,
        counted.minutes_percentiles,
        coalesce(counted.won_amount, 0) as won_amount,
        summed_costs.cost
    from funnels
    cross join steps
    left join counted
        on
            funnels.view = counted.view
            and funnels.period_grain = counted.period_grain
            and funnels.period_start is not distinct from counted.period_start
            and funnels.dimension = counted.dimension
            and funnels.dimension_value = counted.dimension_value
            and steps.step = counted.step
    left join summed_costs
        on
            funnels.period_grain = summed_costs.period_grain
            and funnels.period_start is not distinct from summed_costs.period_start
            and funnels.dimension = summed_costs.dimension
            and funnels.dimension_value = summed_costs.dimension_value
),

final as (
    select
        period_grain,
        period_start,
        view,
        dimension,
        dimension_value,
        step,
        step_order,
        entered,
        passed,
        passed / nullif(entered, 0) as pass_rate,
        {{ wilson_low('passed', 'entered') }} as pass_rate_low,
        {{ wilson_high('passed', 'entered') }} as pass_rate_high,
        {% for name in shares -%}
        {{ list_element('minutes_percentiles', loop.index) }} as {{ name }}_minutes,
        {% endfor -%}
        won_amount,
        cost,
        cast(cost / nullif(entered, 0) as decimal(18, 2)) as cost_per_entry
    from stepped
)

select * from final

{%- set grains = ['day', 'week', 'month', 'quarter', 'all'] -%}
{%- set dimensions = {'channel': 'channel', 'campaign': 'campaign_id', 'page': 'landing_path'} -%}
{%- set content_dimension = {'content': 'content_id'} -%}

with
journeys as (
    select * from {{ ref('int_web__journeys') }}
),

events as (
    select * from {{ ref('fct_events') }}
    where session_id is not null and content_id is not null
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

steps as (
    select distinct
        step,
        step_order
    from {{ ref('web_funnel_steps') }}
),

dated_journeys as (
    select
        *,
        {{ rollup_periods(grains) }}
    from journeys
),

counted_journeys as (
    select
        population,
        step_order,
        {{ rollup_labels(grains, dimensions) }},
        count(*) as journeys
    from dated_journeys
    group by {{ rollup_sets(['population', 'step_order'], grains, dimensions) }} -- noqa: PRS
),

-- A journey counts for every page, form, file and call to action that it met: contents don't add up to the whole.
session_contents as (
    select distinct
        sessions.session_id,
        sessions.visitor_id,
        events.content_id
    from events
    inner join sessions on events.session_id = sessions.session_id
),

met_contents as (
    select
        'session' as population,
        session_id as journey_id,
        content_id
    from session_contents
    union all
    select distinct
        'visitor' as population,
        visitor_id as journey_id,
        content_id
    from session_contents
),

dated_contents as (
    select
        dated_journeys.*,
        met_contents.content_id
    from met_contents
    inner join dated_journeys
        on
            met_contents.population = dated_journeys.population
            and met_contents.journey_id = dated_journeys.journey_id
),

counted_contents as (
    select
        population,
        step_order,
        {{ rollup_labels(grains, content_dimension) }},
        count(*) as journeys
    from dated_contents
    group by {{ rollup_sets(['population', 'step_order'], grains, content_dimension) }} -- noqa: PRS
),

counted as (
    select * from counted_journeys
    union all
    select * from counted_contents
    where dimension = 'content'
),

-- Who reached a later step entered all before it. A funnel shows every step, also those that nobody entered.
entered as (
    select
        counted.population,
        counted.period_grain,
        counted.period_start,
        counted.dimension,
        counted.dimension_value,
        steps.step,
        steps.step_order,
        cast(coalesce(sum(counted.journeys) filter (where counted.step_order >= steps.step_order), 0) as bigint) as entered,
        case
            when steps.step_order < (select max(step_order) from {{ ref('web_funnel_steps') }}) then cast(
                coalesce(sum(counted.journeys) filter (where counted.step_order > steps.step_order), 0) as bigint
            )
        end as passed
    from counted
    cross join steps
    group by
        counted.population,
        counted.period_grain,
        counted.period_start,
        counted.dimension,
        counted.dimension_value,
        steps.step,
        steps.step_order
),

final as (
    select
        period_grain,
        period_start,
        population,
        dimension,
        dimension_value,
        step,
        step_order,
        entered,
        passed,
        entered - passed as dropped,
        passed / nullif(entered, 0) as pass_rate,
        {{ wilson_low('passed', 'entered') }} as pass_rate_low,
        {{ wilson_high('passed', 'entered') }} as pass_rate_high,
        (entered - passed) / nullif(entered, 0) as drop_off_rate
    from entered
)

select * from final

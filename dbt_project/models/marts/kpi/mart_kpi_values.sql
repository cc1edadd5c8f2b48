{%- set grains = ['day', 'week', 'month', 'quarter'] -%}
{%- set dimensions = kpi_rollup_columns(kpi_dimension_columns().keys() | list) -%}

with
measures as (
    select * from {{ ref('int_kpi__measures') }}
),

observations as (
    select * from {{ ref('int_kpi__observations') }}
),

kpi_dimensions as (
    select * from {{ ref('int_kpi__dimensions') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

targets as (
    select * from {{ ref('int_target__values') }}
),

dated_measures as (
    select
        *,
        channel || ' × ' || conversion_point as channel_x_conversion_point,
        {{ rollup_periods(grains) }}
    from measures
),

rolled_measures as (
    select
        measure,
        {{ rollup_labels(grains, dimensions) }},
        sum(quantity) as quantity
    from dated_measures
    group by {{ rollup_sets(['measure'], grains, dimensions) }} -- noqa: PRS
),

-- Sums and ratios: the catalogue names the measures above and below the line. A measure without rows is 0. A KPI is
-- shown by a dimension that all its measures have.
additive_kpis as (
    select
        kpi_catalogue.kpi_id,
        kpi_catalogue.aggregation,
        rolled_measures.period_grain,
        rolled_measures.period_start,
        rolled_measures.dimension,
        rolled_measures.dimension_value,
        cast(
            coalesce(
                sum(rolled_measures.quantity) filter (where rolled_measures.measure = kpi_catalogue.numerator_measure), 0
            ) as double
        ) as numerator,
        case
            when kpi_catalogue.aggregation != 'sum' then cast(
                coalesce(
                    sum(rolled_measures.quantity)
                    filter (where rolled_measures.measure = kpi_catalogue.denominator_measure),
                    0
                ) as double
            )
        end as denominator
    from kpi_catalogue
    inner join kpi_dimensions on kpi_catalogue.kpi_id = kpi_dimensions.kpi_id
    inner join rolled_measures
        on
            rolled_measures.measure in (kpi_catalogue.numerator_measure, kpi_catalogue.denominator_measure)
            and kpi_dimensions.dimension = rolled_measures.dimension
    where kpi_catalogue.aggregation in ('sum', 'ratio', 'change')
    group by
        kpi_catalogue.kpi_id,
        kpi_catalogue.aggregation,
        rolled_measures.period_grain,
        rolled_measures.period_start,
        rolled_measures.dimension,
        rolled_measures.dimension_value
    having
        sum(rolled_measures.quantity) filter (where rolled_measures.measure = kpi_catalogue.numerator_measure) != 0
        or sum(rolled_measures.quantity) filter (where rolled_measures.measure = kpi_catalogue.denominator_measure) != 0
),

-- A change is the fall of a ratio since the period before, as a share of what it was then.
ratios as (
    select
        *,
        case when denominator != 0 then numerator / denominator end as ratio,
        cast(
            case period_grain
                {% for grain in grains %}
                when '{{ grain }}' then {{ dbt.dateadd(grain, 1, 'period_start') }}
                {% endfor %}
            end as date
        ) as next_period_start
    from additive_kpis
    where aggregation = 'change'
),

changes as (
    select
        later.kpi_id,
        later.period_grain,
        later.period_start,
        later.dimension,
        later.dimension_value,
        earlier.ratio - later.ratio as numerator,
        earlier.ratio as denominator
    from ratios as later
    inner join ratios as earlier
        on
            later.kpi_id = earlier.kpi_id
            and later.period_grain = earlier.period_grain
            and later.period_start = earlier.next_period_start
            and later.dimension = earlier.dimension
            and later.dimension_value = earlier.dimension_value
    where later.ratio is not null and earlier.ratio is not null
),

-- Distinct counts and medians can't be added up: each period and dimension is computed from the observations.
{% for measure, measure_dimensions in kpi_observations().items() -%}
{%- set columns = kpi_rollup_columns(measure_dimensions) -%}
dated_{{ measure }} as (
    select
        *,
        channel || ' × ' || conversion_point as channel_x_conversion_point,
        {{ rollup_periods(grains) }}
    from observations
    where measure = '{{ measure }}'
),

rolled_{{ measure }} as (
    select
        measure,
        {{ rollup_labels(grains, columns) }},
        count(*) as observations,
        count(distinct member_id) as members,
        median(quantity) as median_quantity
    from dated_{{ measure }}
    group by {{ rollup_sets(['measure'], grains, columns) }} -- noqa: PRS
),

{% endfor -%}
rolled_observations as (
    {% for measure in kpi_observations() %}
    select * from rolled_{{ measure }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

valued as (
    select
        kpi_id,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        numerator,
        denominator,
        case
            when aggregation = 'sum' then numerator
            when denominator != 0 then numerator / denominator
        end as value
    from additive_kpis
    where aggregation != 'change'
    union all
    select
        kpi_id,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        numerator,
        denominator,
        case when denominator != 0 then numerator / denominator end as value
    from changes
    union all
    select
        kpi_catalogue.kpi_id,
        rolled_observations.period_grain,
        rolled_observations.period_start,
        rolled_observations.dimension,
        rolled_observations.dimension_value,
        case when kpi_catalogue.aggregation = 'distinct' then cast(rolled_observations.members as double) end as numerator,
        case when kpi_catalogue.aggregation = 'median' then cast(rolled_observations.observations as double) end
            as denominator,
        case
            when kpi_catalogue.aggregation = 'median' then rolled_observations.median_quantity
            else cast(rolled_observations.members as double)
        end as value
    from kpi_catalogue
    inner join rolled_observations on kpi_catalogue.numerator_measure = rolled_observations.measure
    where kpi_catalogue.aggregation in ('distinct', 'median')
),

final as (
    select
        valued.kpi_id,
        valued.period_grain,
        valued.period_start,
        valued.dimension,
        valued.dimension_value,
        valued.numerator,
        valued.denominator,
        valued.value,
        targets.target,
        kpi_catalogue.benchmark_low,
        kpi_catalogue.benchmark_high,
        case
            when valued.value is null then 'none'
            when valued.value < kpi_catalogue.benchmark_low then 'below'
            when valued.value > kpi_catalogue.benchmark_high then 'above'
            when coalesce(kpi_catalogue.benchmark_low, kpi_catalogue.benchmark_high) is not null then 'within'
            else 'none'
        end as status
    from valued
    inner join kpi_catalogue on valued.kpi_id = kpi_catalogue.kpi_id
    left join targets
        on
            valued.kpi_id = targets.kpi_id
            and valued.period_grain = targets.period_grain
            and valued.period_start = targets.period_start
            and valued.dimension = targets.dimension
            and valued.dimension_value = targets.dimension_value
)

select * from final

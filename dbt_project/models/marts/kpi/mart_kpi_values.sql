{%- set grains = ['day', 'week', 'month'] -%}
{%- set dimensions = {'channel': 'channel', 'campaign': 'campaign_id'} -%}

with
measures as (
    select * from {{ ref('int_kpi__measures') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

targets as (
    select * from {{ ref('int_target__values') }}
),

dated_measures as (
    select
        measure,
        channel,
        campaign_id,
        quantity,
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

-- Sums and ratios: the catalogue names the measures above and below the line. A measure without rows is 0.
additive_kpis as (
    select
        kpi_catalogue.kpi_id,
        rolled_measures.period_grain,
        rolled_measures.period_start,
        rolled_measures.dimension,
        rolled_measures.dimension_value,
        coalesce(
            sum(rolled_measures.quantity) filter (where rolled_measures.measure = kpi_catalogue.numerator_measure), 0
        ) as numerator,
        case
            when kpi_catalogue.aggregation = 'ratio' then coalesce(
                sum(rolled_measures.quantity) filter (where rolled_measures.measure = kpi_catalogue.denominator_measure), 0
            )
        end as denominator
    from kpi_catalogue
    inner join rolled_measures
        on rolled_measures.measure in (kpi_catalogue.numerator_measure, kpi_catalogue.denominator_measure)
    where kpi_catalogue.aggregation in ('sum', 'ratio')
    group by
        kpi_catalogue.kpi_id,
        kpi_catalogue.aggregation,
        rolled_measures.period_grain,
        rolled_measures.period_start,
        rolled_measures.dimension,
        rolled_measures.dimension_value
),

-- Medians can't be added up: each period and dimension is computed from the journeys themselves.
durations as (
    select
        'lead_to_sal' as measure,
        channel,
        campaign_id,
        {{ business_day('created_at') }} as date_on,
        {{ minutes_between('created_at', 'sal_at') }} as minutes
    from lifecycle
    where sal_at is not null
    union all
    select
        'mql_to_sql' as measure,
        channel,
        campaign_id,
        {{ business_day('mql_at') }} as date_on,
        {{ minutes_between('mql_at', 'sql_at') }} as minutes
    from lifecycle
    where sql_at is not null
),

dated_durations as (
    select
        measure,
        channel,
        campaign_id,
        minutes,
        {{ rollup_periods(grains) }}
    from durations
),

rolled_durations as (
    select
        measure,
        {{ rollup_labels(grains, dimensions) }},
        count(*) as journeys,
        median(minutes) as median_minutes
    from dated_durations
    group by {{ rollup_sets(['measure'], grains, dimensions) }} -- noqa: PRS
),

valued as (
    select
        kpi_id,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        cast(numerator as double) as numerator,
        cast(denominator as double) as denominator,
        case
            when denominator is null then cast(numerator as double)
            when denominator != 0 then cast(numerator as double) / cast(denominator as double)
        end as value
    from additive_kpis
    union all
    select
        kpi_catalogue.kpi_id,
        rolled_durations.period_grain,
        rolled_durations.period_start,
        rolled_durations.dimension,
        rolled_durations.dimension_value,
        cast(null as double) as numerator,
        cast(rolled_durations.journeys as double) as denominator,
        rolled_durations.median_minutes as value
    from kpi_catalogue
    inner join rolled_durations on kpi_catalogue.numerator_measure = rolled_durations.measure
    where kpi_catalogue.aggregation = 'median'
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

with
replays as (
    select * from {{ ref('int_forecast__replays') }}
),

measured as (
    select
        kpi_id,
        dimension,
        dimension_value,
        period_grain,
        method,
        fraction,
        count(*) as replayed_periods,
        cast({{ exact_sum('abs(forecast - actual) / abs(nullif(actual, 0))') }} as double)
        / nullif(count(nullif(actual, 0)), 0) as mean_absolute_percentage_error,
        cast({{ exact_sum('abs(forecast - actual)') }} as double) as absolute_errors,
        cast({{ exact_sum('abs(actual)') }} as double) as actuals,
        cast({{ exact_sum('forecast - actual') }} as double) as errors,
        cast(count(*) filter (where actual between forecast_low and forecast_high) as double) / count(*)
            as interval_coverage
    from replays
    where not is_live and actual is not null
    group by kpi_id, dimension, dimension_value, period_grain, method, fraction
),

-- Methods are compared where both can speak: a run rate has nothing to say of a period that has not begun.
compared as (
    select
        kpi_id,
        dimension,
        dimension_value,
        period_grain,
        method,
        {{ exact_sum('absolute_errors') }} as absolute_errors
    from measured
    where fraction > 0
    group by kpi_id, dimension, dimension_value, period_grain, method
),

chosen as (
    select
        *,
        row_number() over (
            partition by kpi_id, dimension, dimension_value, period_grain
            order by absolute_errors asc, method desc
        ) = 1 as is_chosen
    from compared
),

final as (
    select
        measured.kpi_id,
        measured.dimension,
        measured.dimension_value,
        measured.period_grain,
        measured.method,
        measured.fraction,
        measured.replayed_periods,
        measured.mean_absolute_percentage_error,
        measured.absolute_errors / nullif(measured.actuals, 0) as weighted_absolute_percentage_error,
        measured.errors / nullif(measured.actuals, 0) as bias,
        measured.interval_coverage,
        coalesce(chosen.is_chosen, false) as is_chosen
    from measured
    left join chosen
        on
            measured.kpi_id = chosen.kpi_id
            and measured.dimension = chosen.dimension
            and measured.dimension_value = chosen.dimension_value
            and measured.period_grain = chosen.period_grain
            and measured.method = chosen.method
)

select * from final

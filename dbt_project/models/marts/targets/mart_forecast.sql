with
replays as (
    select * from {{ ref('int_forecast__replays') }}
),

backtest as (
    select * from {{ ref('mart_forecast_backtest') }}
),

targets as (
    select * from {{ ref('int_target__values') }}
),

chosen_methods as (
    select distinct
        kpi_id,
        dimension,
        dimension_value,
        period_grain,
        method
    from backtest
    where is_chosen
),

-- The method that the backtest chose; without a backtest, or where that method can't speak yet, the seasonal one.
ranked as (
    select
        replays.*,
        row_number() over (
            partition by replays.kpi_id, replays.dimension, replays.dimension_value, replays.period_grain
            order by case when chosen_methods.method is not null then 1 else 2 end asc, replays.method desc
        ) = 1 as is_chosen
    from replays
    left join chosen_methods
        on
            replays.kpi_id = chosen_methods.kpi_id
            and replays.dimension = chosen_methods.dimension
            and replays.dimension_value = chosen_methods.dimension_value
            and replays.period_grain = chosen_methods.period_grain
            and replays.method = chosen_methods.method
    where replays.is_live
),

targeted as (
    select
        ranked.*,
        targets.target_id,
        targets.target,
        targets.miss_limit,
        targets.direction,
        targets.threshold,
        -- How many standard errors the forecast lies on the good side of the limit.
        case when targets.direction = 'down' then -1 else 1 end
        * (ranked.forecast - targets.miss_limit) / nullif(ranked.standard_error, 0) as standard_errors_to_limit
    from ranked
    left join targets
        on
            ranked.kpi_id = targets.kpi_id
            and ranked.dimension = targets.dimension
            and ranked.dimension_value = targets.dimension_value
            and ranked.period_grain = targets.period_grain
            and ranked.period_start = targets.period_start
),

tails as (
    select
        *,
        abs(standard_errors_to_limit) as distance,
        {{ is_missed('forecast', 'miss_limit', 'direction') }} as is_expected_to_miss
    from targeted
),

final as (
    select
        kpi_id,
        period_grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        method,
        is_chosen,
        elapsed_days,
        period_days - elapsed_days as remaining_days,
        value_so_far,
        forecast,
        forecast_low,
        forecast_high,
        standard_error,
        target_id,
        target,
        miss_limit,
        {{ attainment('forecast', 'target', 'direction') }} as forecast_attainment,
        case
            when target is null then null
            -- A sum that stands at its limit can't end below it: nothing is left to chance.
            when direction = 'up' and lower_bound >= miss_limit then 0.0
            when direction = 'down' and lower_bound > miss_limit then 1.0
            when distance is null then case when is_expected_to_miss then 1.0 else 0.0 end
            when is_expected_to_miss then 1 - {{ normal_upper_tail('distance') }}
            else {{ normal_upper_tail('distance') }}
        end as miss_probability
    from tails
)

select * from final

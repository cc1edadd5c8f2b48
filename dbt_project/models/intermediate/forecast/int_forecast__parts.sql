with
profiles as (
    select * from {{ ref('int_forecast__profiles') }}
),

origins as (
    select * from {{ ref('int_forecast__origins') }}
),

calendar as (
    select * from {{ ref('int_forecast__calendar') }}
),

days as (
    select * from {{ ref('int_forecast__days') }}
),

level_sums as (
    select
        kpi_id,
        dimension,
        dimension_value,
        part,
        origin_on,
        cast(sum(recent_days) as double) as days,
        cast({{ exact_sum('recent_quantity') }} as double) as quantity,
        cast({{ exact_sum('recent_squares') }} as double) as squares,
        cast({{ exact_sum('recent_days * weight') }} as double) as weights,
        cast({{ exact_sum('recent_quantity * weight') }} as double) as weighted_quantity,
        cast({{ exact_sum('recent_days * weight * weight') }} as double) as squared_weights
    from profiles
    group by kpi_id, dimension, dimension_value, part, origin_on
),

-- Quantity of a day of weight 1, and how far days lie from it: squares of the residuals for each unit of weight.
levels as (
    select
        kpi_id,
        dimension,
        dimension_value,
        part,
        origin_on,
        days,
        weights,
        coalesce(quantity / nullif(weights, 0), 0) as level,
        greatest(
            0,
            squares
            - 2 * coalesce(quantity / nullif(weights, 0), 0) * weighted_quantity
            + coalesce(quantity / nullif(weights, 0), 0) * coalesce(quantity / nullif(weights, 0), 0) * squared_weights
        ) / nullif(weights, 0) as spread,
        greatest(0, squares - quantity * quantity / days) / days as flat_spread
    from level_sums
),

-- The days still to come, by their kind.
remaining_kinds as (
    select
        origins.period_grain,
        origins.period_start,
        origins.origin_on,
        calendar.day_type,
        calendar.quarter_month,
        count(*) as days
    from origins
    inner join calendar on origins.origin_on <= calendar.date_on and origins.period_end > calendar.date_on
    group by origins.period_grain, origins.period_start, origins.origin_on, calendar.day_type, calendar.quarter_month
),

remaining as (
    select
        profiles.kpi_id,
        profiles.dimension,
        profiles.dimension_value,
        profiles.part,
        remaining_kinds.period_grain,
        remaining_kinds.period_start,
        remaining_kinds.origin_on,
        sum(remaining_kinds.days) as days,
        cast({{ exact_sum('remaining_kinds.days * profiles.weight') }} as double) as weights
    from profiles
    inner join remaining_kinds
        on
            profiles.origin_on = remaining_kinds.origin_on
            and profiles.day_type = remaining_kinds.day_type
            and profiles.quarter_month = remaining_kinds.quarter_month
    group by
        profiles.kpi_id,
        profiles.dimension,
        profiles.dimension_value,
        profiles.part,
        remaining_kinds.period_grain,
        remaining_kinds.period_start,
        remaining_kinds.origin_on
),

period_sums as (
    select
        days.kpi_id,
        days.dimension,
        days.dimension_value,
        origins.period_grain,
        origins.period_start,
        origins.origin_on,
        cast(
            {{ exact_sum('days.numerator') }} filter (where days.date_on < origins.origin_on) as double
        ) as numerator_so_far,
        cast(
            {{ exact_sum('days.denominator') }} filter (where days.date_on < origins.origin_on) as double
        ) as denominator_so_far,
        cast({{ exact_sum('days.numerator') }} as double) as numerator_in_all,
        cast({{ exact_sum('days.denominator') }} as double) as denominator_in_all
    from days
    inner join origins on origins.period_start <= days.date_on and origins.period_end > days.date_on
    group by
        days.kpi_id,
        days.dimension,
        days.dimension_value,
        origins.period_grain,
        origins.period_start,
        origins.origin_on
),

joined as (
    select
        remaining.kpi_id,
        remaining.dimension,
        remaining.dimension_value,
        remaining.part,
        remaining.period_grain,
        remaining.period_start,
        remaining.origin_on,
        origins.elapsed_days,
        remaining.days as remaining_days,
        remaining.weights as remaining_weights,
        levels.level,
        levels.weights as level_weights,
        coalesce(levels.spread, 0) as spread,
        levels.flat_spread,
        coalesce(
            case
                when remaining.part = 'numerator' then period_sums.numerator_so_far
                else period_sums.denominator_so_far
            end, 0
        ) as so_far,
        coalesce(
            case
                when remaining.part = 'numerator' then period_sums.numerator_in_all
                else period_sums.denominator_in_all
            end, 0
        ) as in_all
    from remaining
    inner join origins
        on
            remaining.period_grain = origins.period_grain
            and remaining.period_start = origins.period_start
            and remaining.origin_on = origins.origin_on
    inner join levels
        on
            remaining.kpi_id = levels.kpi_id
            and remaining.dimension = levels.dimension
            and remaining.dimension_value = levels.dimension_value
            and remaining.part = levels.part
            and remaining.origin_on = levels.origin_on
    left join period_sums
        on
            remaining.kpi_id = period_sums.kpi_id
            and remaining.dimension = period_sums.dimension
            and remaining.dimension_value = period_sums.dimension_value
            and remaining.period_grain = period_sums.period_grain
            and remaining.period_start = period_sums.period_start
            and remaining.origin_on = period_sums.origin_on
),

-- Both kinds of spread hold the days to come and what is not known of the level, as in a regression through the origin.
final as (
    select
        kpi_id,
        dimension,
        dimension_value,
        part,
        period_grain,
        period_start,
        origin_on,
        'seasonal' as method,
        so_far,
        in_all,
        level * remaining_weights as to_come,
        spread * remaining_weights * (1 + remaining_weights / nullif(level_weights, 0)) as variance
    from joined
    union all
    select
        kpi_id,
        dimension,
        dimension_value,
        part,
        period_grain,
        period_start,
        origin_on,
        'run_rate' as method,
        so_far,
        in_all,
        so_far / elapsed_days * remaining_days as to_come,
        flat_spread * remaining_days * (1 + remaining_days / cast(elapsed_days as double)) as variance
    from joined
    where elapsed_days > 0
)

select * from final

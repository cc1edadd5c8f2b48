{%- set settings = forecast_settings() -%}

with
parts as (
    select * from {{ ref('int_forecast__parts') }}
),

origins as (
    select * from {{ ref('int_forecast__origins') }}
),

days as (
    select * from {{ ref('int_forecast__days') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

days_of_origin as (
    select distinct origin_on from origins
),

side_by_side as (
    select
        kpi_id,
        dimension,
        dimension_value,
        period_grain,
        period_start,
        origin_on,
        method,
        max(so_far) filter (where part = 'numerator') as numerator_so_far,
        max(in_all) filter (where part = 'numerator') as numerator_in_all,
        max(to_come) filter (where part = 'numerator') as numerator_to_come,
        max(variance) filter (where part = 'numerator') as numerator_variance,
        max(so_far) filter (where part = 'denominator') as denominator_so_far,
        max(in_all) filter (where part = 'denominator') as denominator_in_all,
        max(to_come) filter (where part = 'denominator') as denominator_to_come
    from parts
    group by kpi_id, dimension, dimension_value, period_grain, period_start, origin_on, method
),

-- A rate's parts move together: what is left after the rate is taken out of both is what makes it uncertain.
joint_sums as (
    select
        days.kpi_id,
        days.dimension,
        days.dimension_value,
        days_of_origin.origin_on,
        cast({{ exact_sum('days.denominator') }} as double) as denominators,
        cast({{ exact_sum('days.numerator') }} as double) as numerators,
        cast({{ exact_sum('days.numerator * days.numerator') }} as double) as numerator_squares,
        cast({{ exact_sum('days.numerator * days.denominator') }} as double) as products,
        cast({{ exact_sum('days.denominator * days.denominator') }} as double) as denominator_squares
    from days
    inner join days_of_origin
        on
            days.date_on < days_of_origin.origin_on
            and days.date_on >= {{ dbt.dateadd('day', -settings.level_days, 'days_of_origin.origin_on') }}
    where days.aggregation = 'ratio'
    group by days.kpi_id, days.dimension, days.dimension_value, days_of_origin.origin_on
),

valued as (
    select
        side_by_side.*,
        kpi_catalogue.aggregation,
        kpi_catalogue.unit,
        joint_sums.denominators,
        case
            when kpi_catalogue.aggregation = 'sum' then side_by_side.numerator_so_far
            else side_by_side.numerator_so_far / nullif(side_by_side.denominator_so_far, 0)
        end as value_so_far,
        case
            when kpi_catalogue.aggregation = 'sum' then side_by_side.numerator_in_all
            else side_by_side.numerator_in_all / nullif(side_by_side.denominator_in_all, 0)
        end as value_in_all,
        case
            when kpi_catalogue.aggregation = 'sum' then side_by_side.numerator_so_far + side_by_side.numerator_to_come
            else
                (side_by_side.numerator_so_far + side_by_side.numerator_to_come)
                / nullif(side_by_side.denominator_so_far + side_by_side.denominator_to_come, 0)
        end as forecast,
        case
            when kpi_catalogue.aggregation = 'sum' then sqrt(side_by_side.numerator_variance)
            else
                sqrt(
                    greatest(
                        0,
                        joint_sums.numerator_squares
                        - 2 * joint_sums.products * joint_sums.numerators / nullif(joint_sums.denominators, 0)
                        + joint_sums.denominator_squares
                        * (joint_sums.numerators / nullif(joint_sums.denominators, 0))
                        * (joint_sums.numerators / nullif(joint_sums.denominators, 0))
                    ) / nullif(joint_sums.denominators, 0)
                    * side_by_side.denominator_to_come
                    * (1 + side_by_side.denominator_to_come / nullif(joint_sums.denominators, 0))
                ) / nullif(side_by_side.denominator_so_far + side_by_side.denominator_to_come, 0)
        end as standard_error
    from side_by_side
    inner join kpi_catalogue on side_by_side.kpi_id = kpi_catalogue.kpi_id
    left join joint_sums
        on
            side_by_side.kpi_id = joint_sums.kpi_id
            and side_by_side.dimension = joint_sums.dimension
            and side_by_side.dimension_value = joint_sums.dimension_value
            and side_by_side.origin_on = joint_sums.origin_on
),

-- What has happened stays: a sum ends at no less than it is. A share lies between 0 and 1.
bounded as (
    select
        *,
        case
            when aggregation = 'sum' then value_so_far
            when unit = 'ratio' then 0
        end as lower_bound,
        case when unit = 'ratio' then 1 end as upper_bound,
        forecast - {{ settings.normal_quantile }} * standard_error as unbounded_low,
        forecast + {{ settings.normal_quantile }} * standard_error as unbounded_high
    from valued
),

final as (
    select
        bounded.kpi_id,
        bounded.dimension,
        bounded.dimension_value,
        bounded.period_grain,
        bounded.period_start,
        origins.period_end,
        bounded.origin_on,
        origins.elapsed_days,
        origins.period_days,
        origins.fraction,
        origins.is_live,
        bounded.method,
        bounded.value_so_far,
        case when not origins.is_live then bounded.value_in_all end as actual,
        case when bounded.forecast > bounded.upper_bound then bounded.upper_bound else bounded.forecast end as forecast,
        bounded.lower_bound,
        bounded.standard_error,
        case
            when bounded.unbounded_low < bounded.lower_bound then bounded.lower_bound
            else bounded.unbounded_low
        end as forecast_low,
        case
            when bounded.unbounded_high > bounded.upper_bound then bounded.upper_bound
            else bounded.unbounded_high
        end as forecast_high
    from bounded
    inner join origins
        on
            bounded.period_grain = origins.period_grain
            and bounded.period_start = origins.period_start
            and bounded.origin_on = origins.origin_on
    where bounded.forecast is not null
)

select * from final

{%- set settings = forecast_settings() -%}
{%- set series = ['kpi_id', 'dimension', 'dimension_value', 'part', 'origin_on'] | join(', ') -%}

with
days as (
    select * from {{ ref('int_forecast__days') }}
),

calendar as (
    select * from {{ ref('int_forecast__calendar') }}
),

origins as (
    select distinct origin_on from {{ ref('int_forecast__origins') }}
),

parts as (
    select
        kpi_id,
        dimension,
        dimension_value,
        'numerator' as part,
        first_on,
        date_on,
        numerator as quantity
    from days
    union all
    select
        kpi_id,
        dimension,
        dimension_value,
        'denominator' as part,
        first_on,
        date_on,
        denominator as quantity
    from days
    where aggregation = 'ratio'
),

-- The past of each origin, by day of the week and month of the quarter.
past as (
    select
        parts.kpi_id,
        parts.dimension,
        parts.dimension_value,
        parts.part,
        origins.origin_on,
        calendar.day_type,
        calendar.quarter_month,
        count(*) as days,
        {{ exact_sum('parts.quantity') }} as quantity,
        count(*) filter (where parts.date_on >= {{ dbt.dateadd('day', -settings.level_days, 'origins.origin_on') }})
            as recent_days,
        {{ exact_sum('parts.quantity') }} filter (
            where parts.date_on >= {{ dbt.dateadd('day', -settings.level_days, 'origins.origin_on') }}
        ) as recent_quantity,
        {{ exact_sum('parts.quantity * parts.quantity') }} filter (
            where parts.date_on >= {{ dbt.dateadd('day', -settings.level_days, 'origins.origin_on') }}
        ) as recent_squares
    from parts
    inner join calendar on parts.date_on = calendar.date_on
    inner join origins
        on
            parts.date_on < origins.origin_on
            and parts.date_on >= {{ dbt.dateadd('day', -settings.profile_days, 'origins.origin_on') }}
            and parts.first_on <= {{ dbt.dateadd('day', -settings.shortest_history_days, 'origins.origin_on') }}
    group by
        parts.kpi_id,
        parts.dimension,
        parts.dimension_value,
        parts.part,
        origins.origin_on,
        calendar.day_type,
        calendar.quarter_month
),

-- Every kind of day, seen in the past or not: the days to come may be of any kind.
kinds_of_day as (
    select distinct
        day_type,
        quarter_month
    from calendar
),

known_series as (
    select distinct {{ series }}
    from past
),

dense as (
    select
        known_series.*,
        kinds_of_day.day_type,
        kinds_of_day.quarter_month,
        coalesce(past.days, 0) as days,
        coalesce(past.quantity, 0) as quantity,
        coalesce(past.recent_days, 0) as recent_days,
        coalesce(past.recent_quantity, 0) as recent_quantity,
        coalesce(past.recent_squares, 0) as recent_squares
    from known_series
    cross join kinds_of_day
    left join past
        on
            known_series.kpi_id = past.kpi_id
            and known_series.dimension = past.dimension
            and known_series.dimension_value = past.dimension_value
            and known_series.part = past.part
            and known_series.origin_on = past.origin_on
            and kinds_of_day.day_type = past.day_type
            and kinds_of_day.quarter_month = past.quarter_month
),

means as (
    select
        *,
        sum(days) over (partition by {{ series }}) as past_days,
        cast(sum(quantity) over (partition by {{ series }}) as double)
        / nullif(sum(days) over (partition by {{ series }}), 0) as mean_day,
        cast(sum(quantity) over (partition by {{ series }}, day_type) as double)
        / nullif(sum(days) over (partition by {{ series }}, day_type), 0) as mean_of_day_type,
        cast(sum(quantity) over (partition by {{ series }}, quarter_month) as double)
        / nullif(sum(days) over (partition by {{ series }}, quarter_month), 0) as mean_of_quarter_month
    from dense
),

-- A day's weight: how many average days it is worth. 1 where the past doesn't tell.
final as (
    select
        kpi_id,
        dimension,
        dimension_value,
        part,
        origin_on,
        day_type,
        quarter_month,
        recent_days,
        cast(recent_quantity as double) as recent_quantity,
        cast(recent_squares as double) as recent_squares,
        coalesce(mean_of_day_type / nullif(mean_day, 0), 1)
        * case
            when past_days >= {{ settings.month_profile_days }}
                then coalesce(mean_of_quarter_month / nullif(mean_day, 0), 1)
            else 1
        end as weight
    from means
)

select * from final

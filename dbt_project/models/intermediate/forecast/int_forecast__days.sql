{%- set settings = forecast_settings() -%}

with
kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

targets as (
    select * from {{ ref('int_target__values') }}
),

business_days as (
    select * from {{ ref('int_calendar__business_days') }}
),

targeted as (
    select distinct
        kpi_id,
        dimension,
        dimension_value
    from targets
    where period_grain in ('month', 'quarter')
),

-- What adds up over days can be forecast: the whole of each KPI, and where somebody set a target.
daily_values as (
    select
        kpi_values.kpi_id,
        kpi_values.dimension,
        kpi_values.dimension_value,
        kpi_values.period_start as date_on,
        kpi_values.numerator,
        kpi_values.denominator,
        kpi_catalogue.aggregation
    from kpi_values
    inner join kpi_catalogue on kpi_values.kpi_id = kpi_catalogue.kpi_id
    left join targeted
        on
            kpi_values.kpi_id = targeted.kpi_id
            and kpi_values.dimension = targeted.dimension
            and kpi_values.dimension_value = targeted.dimension_value
    where
        kpi_values.period_grain = 'day'
        and kpi_catalogue.aggregation in ('sum', 'ratio')
        and (kpi_values.dimension = 'overall' or targeted.kpi_id is not null)
),

series as (
    select
        kpi_id,
        dimension,
        dimension_value,
        aggregation,
        min(date_on) as first_on
    from daily_values
    group by kpi_id, dimension, dimension_value, aggregation
),

-- A day without a row is a day of nothing. The day of as_of itself is not over.
final as (
    select
        series.kpi_id,
        series.dimension,
        series.dimension_value,
        series.aggregation,
        series.first_on,
        business_days.date_on,
        coalesce(daily_values.numerator, 0) as numerator,
        case when series.aggregation = 'ratio' then coalesce(daily_values.denominator, 0) end as denominator
    from series
    inner join business_days
        on
            series.first_on <= business_days.date_on
            and business_days.date_on < {{ business_day(as_of()) }}
            and business_days.date_on
            >= {{ dbt.dateadd('day', -(settings.replayed_days + 92 + settings.profile_days), business_day(as_of())) }}
    left join daily_values
        on
            series.kpi_id = daily_values.kpi_id
            and series.dimension = daily_values.dimension
            and series.dimension_value = daily_values.dimension_value
            and business_days.date_on = daily_values.date_on
)

select * from final

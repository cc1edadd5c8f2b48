{%- set settings = forecast_settings() -%}

with
calendar as (
    select * from {{ ref('dim_date') }}
),

periods as (
    {% for grain, months in {'month': 1, 'quarter': 3}.items() %}
    select distinct
        '{{ grain }}' as period_grain,
        {{ grain }}_start_on as period_start,
        cast({{ dbt.dateadd('month', months, grain ~ '_start_on') }} as date) as period_end
    from calendar
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

measured as (
    select
        *,
        {{ dbt.datediff('period_start', 'period_end', 'day') }} as period_days
    from periods
),

-- Periods that have ended, forecast again from several days of theirs with what happened before.
replays as (
    {% for fraction in settings.fractions %}
    select
        period_grain,
        period_start,
        period_end,
        period_days,
        cast({{ fraction }} as double) as fraction,
        cast(floor({{ fraction }} * period_days) as integer) as elapsed_days,
        false as is_live
    from measured
    where
        period_end <= {{ business_day(as_of()) }}
        and period_end > {{ dbt.dateadd('day', -settings.replayed_days, business_day(as_of())) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

running as (
    select
        period_grain,
        period_start,
        period_end,
        period_days,
        cast({{ dbt.datediff('period_start', business_day(as_of()), 'day') }} as double) / period_days as fraction,
        cast({{ dbt.datediff('period_start', business_day(as_of()), 'day') }} as integer) as elapsed_days,
        true as is_live
    from measured
    where period_start <= {{ business_day(as_of()) }} and period_end > {{ business_day(as_of()) }}
),

final as (
    select
        *,
        cast({{ dbt.dateadd('day', 'elapsed_days', 'period_start') }} as date) as origin_on
    from replays
    union all
    select
        *,
        {{ business_day(as_of()) }} as origin_on
    from running
)

select * from final

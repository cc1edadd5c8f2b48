with
planned_rates as (
    select * from {{ ref('planned_rates') }}
),

targets as (
    select * from {{ ref('int_target__values') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
),

-- A plan is made when its period begins, from what was known then: it does not move while the period runs.
plan_days as (
    select distinct least(period_start, {{ business_day(as_of()) }}) as planned_on
    from targets
    where period_grain in ('month', 'quarter')
),

windows as (
    select
        planned_rates.kpi_id,
        planned_rates.from_kpi_id,
        planned_rates.rate_kind,
        plan_days.planned_on,
        cast(
            {{ dbt.dateadd('day', '-planned_rates.maturity_days - planned_rates.window_days', 'plan_days.planned_on') }} as date
        ) as window_start,
        cast({{ dbt.dateadd('day', '-planned_rates.maturity_days', 'plan_days.planned_on') }} as date) as window_end
    from planned_rates
    cross join plan_days
    where planned_rates.rate_kind != 'start'
),

-- Who reached a step, when, and when the next one.
members as (
    select
        'mql' as kpi_id,
        {{ business_day('created_at') }} as entered_on,
        {{ business_day('mql_at') }} as passed_on
    from lifecycle
    union all
    select
        'sal' as kpi_id,
        {{ business_day('mql_at') }} as entered_on,
        {{ business_day('sal_at') }} as passed_on
    from lifecycle
    where mql_at is not null
    union all
    select
        'sql' as kpi_id,
        {{ business_day('sal_at') }} as entered_on,
        {{ business_day('sql_at') }} as passed_on
    from lifecycle
    where sal_at is not null
    union all
    select
        'meetings' as kpi_id,
        {{ business_day('mql_at') }} as entered_on,
        -- The meeting since MQL may be a later one than the first: the day is then not known, but not before MQL.
        case when has_meeting_since_mql then {{ business_day('greatest(meeting_at, mql_at)') }} end as passed_on
    from lifecycle
    where mql_at is not null
    union all
    select
        'wins' as kpi_id,
        {{ business_day('created_at') }} as entered_on,
        case when is_won then {{ business_day('closed_at') }} end as passed_on
    from opportunities
    where created_at is not null
),

members_by_day as (
    select
        kpi_id,
        entered_on,
        passed_on,
        count(*) as members
    from members
    group by kpi_id, entered_on, passed_on
),

cohort_counts as (
    select
        windows.kpi_id,
        windows.planned_on,
        cast(sum(members_by_day.members) as bigint) as trials,
        cast(
            coalesce(sum(members_by_day.members) filter (where members_by_day.passed_on < windows.planned_on), 0) as bigint
        ) as successes
    from windows
    inner join members_by_day
        on
            windows.kpi_id = members_by_day.kpi_id
            and windows.window_start <= members_by_day.entered_on
            and windows.window_end > members_by_day.entered_on
    where windows.rate_kind = 'cohort'
    group by windows.kpi_id, windows.planned_on
),

cohort_rates as (
    select
        kpi_id,
        planned_on,
        cast(successes as double) as successes,
        cast(trials as double) as trials,
        cast(successes as double) / trials as rate,
        {{ wilson_low('successes', 'trials') }} as rate_low,
        {{ wilson_high('successes', 'trials') }} as rate_high
    from cohort_counts
),

volumes as (
    select
        windows.kpi_id,
        windows.planned_on,
        cast(
            {{ exact_sum('case when kpi_values.kpi_id = windows.kpi_id then kpi_values.numerator end') }} as double
        ) as successes,
        cast(
            {{ exact_sum('case when kpi_values.kpi_id = windows.from_kpi_id then kpi_values.numerator end') }} as double
        ) as trials
    from windows
    inner join kpi_values
        on
            kpi_values.kpi_id in (windows.kpi_id, windows.from_kpi_id)
            and kpi_values.dimension = 'overall'
            and kpi_values.period_grain = 'day'
            and windows.window_start <= kpi_values.period_start
            and windows.window_end > kpi_values.period_start
    where windows.rate_kind = 'volume'
    group by windows.kpi_id, windows.planned_on
),

won_amounts as (
    select
        windows.planned_on,
        count(*) as orders,
        cast({{ exact_sum('opportunities.amount') }} as double) as total,
        cast({{ exact_sum('cast(opportunities.amount as double) * cast(opportunities.amount as double)') }} as double)
            as squares
    from windows
    inner join opportunities
        on
            opportunities.is_won
            and windows.window_start <= {{ business_day('opportunities.closed_at') }}
            and windows.window_end > {{ business_day('opportunities.closed_at') }}
    where windows.kpi_id = 'revenue'
    group by windows.planned_on
),

-- Relative standard error of a ratio of volumes: of two counts as if they were Poisson; of an order's amount as it is.
volume_errors as (
    select
        volumes.kpi_id,
        volumes.planned_on,
        volumes.successes,
        volumes.trials,
        volumes.successes / nullif(volumes.trials, 0) as rate,
        case
            when volumes.kpi_id != 'revenue' then sqrt(1 / nullif(volumes.successes, 0) + 1 / nullif(volumes.trials, 0))
            when won_amounts.orders > 1
                then
                    sqrt(
                        greatest(0, won_amounts.squares - won_amounts.total * won_amounts.total / won_amounts.orders)
                        / (won_amounts.orders - 1) / won_amounts.orders
                    ) / (nullif(won_amounts.total, 0) / won_amounts.orders)
        end as relative_error
    from volumes
    left join won_amounts on volumes.planned_on = won_amounts.planned_on
),

-- 1.96 standard errors to both sides on the scale of logarithms hold 95 %, as Wilson's do.
final as (
    select
        kpi_id,
        planned_on,
        successes,
        trials,
        rate,
        rate_low,
        rate_high
    from cohort_rates
    union all
    select
        kpi_id,
        planned_on,
        successes,
        trials,
        rate,
        rate * exp(-1.959963984540054 * relative_error) as rate_low,
        rate * exp(1.959963984540054 * relative_error) as rate_high
    from volume_errors
)

select * from final

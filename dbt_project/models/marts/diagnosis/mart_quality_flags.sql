with
kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
    where period_grain in ('month', 'quarter')
),

limits as (
    select
        cast(max(case when setting = 'settling_days' then setting_value end) as integer) as settling_days,
        max(case when setting = 'compared_periods' then setting_value end) as compared_periods
    from {{ ref('statistics_limits') }}
),

-- The rate's parts are counts: MQLs of the period, and those of them that reached SQL.
qualified as (
    select
        period_grain,
        period_start,
        dimension,
        dimension_value,
        cast(denominator as bigint) as mql,
        cast(numerator as bigint) as sql_reached,
        target,
        benchmark_low
    from kpi_values
    where
        kpi_id = 'sql_rate'
        and dimension in (
            'overall', 'channel', 'campaign', 'content', 'conversion_point', 'channel_x_conversion_point'
        )
),

mql_targets as (
    select
        period_grain,
        period_start,
        target as mql_target
    from kpi_values
    where kpi_id = 'mql' and dimension = 'overall'
),

company as (
    select
        *,
        row_number() over (partition by period_grain order by period_start) as period_number
    from qualified
    where dimension = 'overall'
),

-- The company's own recent periods: what it passed on before is what it can be held to.
pasts as (
    select
        company.period_grain,
        company.period_start,
        sum(earlier.sql_reached) / nullif(sum(earlier.mql), 0) as past_rate,
        max(case when earlier.period_number = company.period_number - 1 then earlier.mql end) as previous_mql
    from company
    cross join limits
    inner join company as earlier
        on
            company.period_grain = earlier.period_grain
            and earlier.period_number between company.period_number - limits.compared_periods and company.period_number - 1
    group by company.period_grain, company.period_start
),

referenced as (
    select
        company.period_grain,
        company.period_start,
        company.mql,
        company.sql_reached,
        mql_targets.mql_target,
        pasts.previous_mql,
        case
            when company.target is not null then 'target'
            when pasts.past_rate > company.benchmark_low or company.benchmark_low is null then 'past'
            else 'benchmark'
        end as reference_kind,
        cast(coalesce(company.target, greatest(pasts.past_rate, company.benchmark_low)) as decimal(9, 6)) as reference_rate
    from company
    left join pasts on company.period_grain = pasts.period_grain and company.period_start = pasts.period_start
    left join mql_targets
        on company.period_grain = mql_targets.period_grain and company.period_start = mql_targets.period_start
),

flagged as (
    select
        referenced.*,
        referenced.mql * referenced.reference_rate - referenced.sql_reached as company_shortfall,
        coalesce(referenced.mql >= coalesce(referenced.mql_target, referenced.previous_mql), false)
        and referenced.sql_reached < referenced.mql * referenced.reference_rate as is_flagged,
        {{ dbt.dateadd('day', 'limits.settling_days', period_end('referenced.period_grain', 'referenced.period_start')) }}
        <= {{ business_day(as_of()) }} as is_settled
    from referenced
    cross join limits
),

-- Decimals, so that the parts of a dimension add up to the company's shortfall exactly.
held_against as (
    select
        qualified.period_grain,
        qualified.period_start,
        qualified.dimension,
        qualified.dimension_value,
        qualified.mql,
        qualified.sql_reached,
        flagged.is_flagged,
        flagged.is_settled,
        flagged.mql_target,
        flagged.previous_mql,
        flagged.reference_kind,
        flagged.reference_rate,
        cast(qualified.mql * flagged.reference_rate - qualified.sql_reached as decimal(18, 6)) as sql_shortfall,
        cast(flagged.company_shortfall as double) as company_shortfall,
        {{ wilson_low('qualified.sql_reached', 'qualified.mql') }} as wilson_low,
        {{ wilson_high('qualified.sql_reached', 'qualified.mql') }} as wilson_high
    from qualified
    inner join flagged
        on qualified.period_grain = flagged.period_grain and qualified.period_start = flagged.period_start
),

final as (
    select
        period_grain,
        period_start,
        dimension,
        dimension_value,
        is_flagged,
        is_settled,
        mql_target,
        previous_mql,
        reference_kind,
        reference_rate,
        mql,
        sql_reached,
        sql_reached / nullif(mql, 0) as sql_rate,
        wilson_low,
        wilson_high,
        sql_shortfall,
        case when company_shortfall > 0 then cast(sql_shortfall as double) / company_shortfall end as share_of_shortfall,
        row_number() over (
            partition by period_grain, period_start, dimension
            order by sql_shortfall desc nulls last, dimension_value asc
        ) as shortfall_rank,
        coalesce(wilson_high < reference_rate, false) as is_conclusive
    from held_against
)

select * from final

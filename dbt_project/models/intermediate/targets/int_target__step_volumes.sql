with
planned_rates as (
    select * from {{ ref('planned_rates') }}
),

kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
),

targets as (
    select * from {{ ref('int_target__values') }}
),

reverse_plan as (
    select * from {{ ref('mart_reverse_plan') }}
),

volumes as (
    select
        kpi_values.period_grain,
        kpi_values.period_start,
        cast(
            case kpi_values.period_grain
                when 'month' then {{ dbt.dateadd('month', 1, 'kpi_values.period_start') }}
                else {{ dbt.dateadd('month', 3, 'kpi_values.period_start') }}
            end as date
        ) as period_end,
        kpi_values.dimension,
        kpi_values.dimension_value,
        kpi_values.kpi_id,
        kpi_values.numerator as volume
    from kpi_values
    inner join planned_rates on kpi_values.kpi_id = planned_rates.kpi_id and planned_rates.is_on_path
    where kpi_values.period_grain in ('month', 'quarter') and kpi_values.dimension in ('overall', 'channel')
),

ended_volumes as (
    select * from volumes
    where period_end <= {{ business_day(as_of()) }}
),

-- The first period of the data may be cut off: only a period after another whole one has a previous one.
first_periods as (
    select
        period_grain,
        min(period_start) as period_start
    from volumes
    where dimension = 'overall'
    group by period_grain
),

periods as (
    select distinct
        ended_volumes.period_grain,
        ended_volumes.period_start,
        cast(
            case ended_volumes.period_grain
                when 'month' then {{ dbt.dateadd('month', -1, 'ended_volumes.period_start') }}
                else {{ dbt.dateadd('month', -3, 'ended_volumes.period_start') }}
            end as date
        ) as baseline_start
    from ended_volumes
    inner join first_periods
        on
            ended_volumes.period_grain = first_periods.period_grain
            and ended_volumes.period_start > first_periods.period_start
    where ended_volumes.dimension = 'overall'
),

dimension_values as (
    select distinct
        dimension,
        dimension_value
    from ended_volumes
),

compared_cells as (
    select
        'previous' as basis,
        periods.period_grain,
        periods.period_start,
        periods.baseline_start,
        dimension_values.dimension,
        dimension_values.dimension_value
    from periods
    cross join dimension_values
    union all
    select
        'target' as basis,
        period_grain,
        period_start,
        period_start as baseline_start,
        dimension,
        dimension_value
    from targets
    where
        kpi_id = 'revenue'
        and dimension = 'overall'
        and period_grain in ('month', 'quarter')
        and period_end <= {{ business_day(as_of()) }}
),

-- The plan of a target: what was set for a step, else what the planned rates require of it.
planned_volumes as (
    select
        reverse_plan.period_grain,
        reverse_plan.period_start,
        reverse_plan.kpi_id,
        coalesce(targets.target, reverse_plan.required) as volume
    from reverse_plan
    left join targets
        on
            reverse_plan.kpi_id = targets.kpi_id
            and reverse_plan.period_grain = targets.period_grain
            and reverse_plan.period_start = targets.period_start
            and targets.dimension = 'overall'
    where reverse_plan.basis = 'planned' and reverse_plan.is_on_path
),

final as (
    select
        compared_cells.basis,
        compared_cells.period_grain,
        compared_cells.period_start,
        compared_cells.baseline_start,
        compared_cells.dimension,
        compared_cells.dimension_value,
        planned_rates.step_order,
        planned_rates.kpi_id,
        coalesce(actual.volume, 0) as actual_volume,
        case
            when compared_cells.basis = 'target' then planned_volumes.volume
            else coalesce(previous.volume, 0)
        end as baseline_volume
    from compared_cells
    cross join planned_rates
    left join ended_volumes as actual
        on
            compared_cells.period_grain = actual.period_grain
            and compared_cells.period_start = actual.period_start
            and compared_cells.dimension = actual.dimension
            and compared_cells.dimension_value = actual.dimension_value
            and planned_rates.kpi_id = actual.kpi_id
    left join ended_volumes as previous
        on
            compared_cells.period_grain = previous.period_grain
            and compared_cells.baseline_start = previous.period_start
            and compared_cells.dimension = previous.dimension
            and compared_cells.dimension_value = previous.dimension_value
            and planned_rates.kpi_id = previous.kpi_id
    left join planned_volumes
        on
            compared_cells.basis = 'target'
            and compared_cells.period_grain = planned_volumes.period_grain
            and compared_cells.period_start = planned_volumes.period_start
            and planned_rates.kpi_id = planned_volumes.kpi_id
    where planned_rates.is_on_path
)

select * from final

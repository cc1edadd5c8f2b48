{%- set later_rows = 'rows between unbounded preceding and 1 preceding' -%}
{%- set later_steps = 'over (partition by target_id, basis order by step_order desc ' ~ later_rows ~ ')' -%}

with
planned_rates as (
    select * from {{ ref('planned_rates') }}
),

targets as (
    select * from {{ ref('int_target__values') }}
),

step_rates as (
    select * from {{ ref('int_target__step_rates') }}
),

kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
),

goals as (
    select
        target_id,
        period_grain,
        period_start,
        period_end,
        target as goal,
        least(period_start, {{ business_day(as_of()) }}) as planned_on
    from targets
    where kpi_id = 'revenue' and dimension = 'overall' and period_grain in ('month', 'quarter')
),

rated as (
    select
        goals.*,
        planned_rates.step_order,
        planned_rates.kpi_id,
        planned_rates.from_kpi_id,
        planned_rates.is_on_path,
        'planned' as basis,
        planned_rates.planned_rate as rate,
        planned_rates.planned_rate as rate_low,
        planned_rates.planned_rate as rate_high,
        cast(null as double) as successes,
        cast(null as double) as trials
    from goals
    cross join planned_rates
    union all
    select
        goals.*,
        planned_rates.step_order,
        planned_rates.kpi_id,
        planned_rates.from_kpi_id,
        planned_rates.is_on_path,
        'actual' as basis,
        step_rates.rate,
        step_rates.rate_low,
        step_rates.rate_high,
        step_rates.successes,
        step_rates.trials
    from goals
    cross join planned_rates
    left join step_rates on planned_rates.kpi_id = step_rates.kpi_id and goals.planned_on = step_rates.planned_on
),

logarithms as (
    select
        *,
        ln(nullif(rate, 0)) as log_rate,
        ln(nullif(rate, 0)) - ln(nullif(rate_low, 0)) as log_below,
        ln(nullif(rate_high, 0)) - ln(nullif(rate, 0)) as log_above
    from rated
),

-- On the path, a step needs the goal ÷ the rates of all later steps. The distances of the rates to their limits are
-- joined as squares (MOVER: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008), 1693–1702), on the logarithms
-- because the rates are multiplied.
on_path as (
    select
        *,
        coalesce(count(*) {{ later_steps }}, 0) = coalesce(count(log_rate) {{ later_steps }}, 0) as is_known,
        coalesce(count(*) {{ later_steps }}, 0) = coalesce(count(log_below) {{ later_steps }}, 0) as is_bounded,
        coalesce(sum(log_rate) {{ later_steps }}, 0) as later_log_rates,
        coalesce(sum(log_below * log_below) {{ later_steps }}, 0) as squares_below,
        coalesce(sum(log_above * log_above) {{ later_steps }}, 0) as squares_above
    from logarithms
    where is_on_path
),

required_on_path as (
    select
        *,
        case when is_known then goal / exp(later_log_rates) end as required,
        case when is_known and is_bounded then sqrt(squares_above) end as log_fewer,
        case when is_known and is_bounded then sqrt(squares_below) end as log_more
    from on_path
),

-- Beside the path, a step needs its share of the step it branches from.
required_beside as (
    select
        logarithms.*,
        required_on_path.required * logarithms.rate as required,
        sqrt(
            required_on_path.log_fewer * required_on_path.log_fewer + logarithms.log_below * logarithms.log_below
        ) as log_fewer,
        sqrt(
            required_on_path.log_more * required_on_path.log_more + logarithms.log_above * logarithms.log_above
        ) as log_more
    from logarithms
    inner join required_on_path
        on
            logarithms.target_id = required_on_path.target_id
            and logarithms.basis = required_on_path.basis
            and logarithms.from_kpi_id = required_on_path.kpi_id
    where not logarithms.is_on_path
),

required_steps as (
    {% for relation in ['required_on_path', 'required_beside'] %}
    select
        target_id,
        basis,
        period_grain,
        period_start,
        period_end,
        planned_on,
        step_order,
        kpi_id,
        from_kpi_id,
        is_on_path,
        rate,
        rate_low,
        rate_high,
        successes,
        trials,
        -- To the millionth: what the logarithms leave behind is no person.
        round(required, 6) as required,
        round(required * exp(-log_fewer), 6) as required_low,
        round(required * exp(log_more), 6) as required_high
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        required_steps.target_id,
        required_steps.basis,
        required_steps.period_grain,
        required_steps.period_start,
        required_steps.period_end,
        required_steps.planned_on,
        required_steps.step_order,
        required_steps.kpi_id,
        required_steps.from_kpi_id,
        required_steps.is_on_path,
        required_steps.rate,
        required_steps.rate_low,
        required_steps.rate_high,
        required_steps.successes,
        required_steps.trials,
        required_steps.required,
        required_steps.required_low,
        required_steps.required_high,
        case
            when required_steps.period_start <= {{ business_day(as_of()) }} then coalesce(kpi_values.value, 0)
        end as actual_so_far,
        case
            when required_steps.required > coalesce(kpi_values.value, 0)
                then required_steps.required - coalesce(kpi_values.value, 0)
            when required_steps.required is not null then 0
        end as still_needed
    from required_steps
    left join kpi_values
        on
            required_steps.kpi_id = kpi_values.kpi_id
            and required_steps.period_grain = kpi_values.period_grain
            and required_steps.period_start = kpi_values.period_start
            and kpi_values.dimension = 'overall'
)

select * from final

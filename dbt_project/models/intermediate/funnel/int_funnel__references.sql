with
funnel as (
    select
        *,
        {{ surrogate_key(['view', 'period_grain', 'period_start', 'dimension', 'dimension_value']) }} as funnel_id
    from {{ ref('mart_funnel') }}
    where period_grain in ('month', 'quarter', 'all')
),

funnel_benchmarks as (
    select * from {{ ref('funnel_benchmarks') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

-- What holds for the whole company and all time: each step's rate, and the time within which nine of ten passed it,
-- counted from the step itself and from the journey's begin.
overall_steps as (
    select
        step,
        step_order,
        passed,
        entered,
        pass_rate,
        coalesce(p90_minutes, 0) as step_minutes,
        sum(coalesce(p90_minutes, 0)) over (order by step_order) as journey_minutes
    from funnel
    where period_grain = 'all' and view = 'cohort' and dimension = 'overall' and step != 'won'
),

-- A period is mature for a step once nine of ten of those that will pass had the time to: a younger one only looks bad.
-- All time is mature by its length.
aged as (
    select
        funnel.*,
        case
            when funnel.period_grain = 'all' then true
            else {{ dbt.dateadd(
                'minute',
                "cast(case when funnel.view = 'period' then overall_steps.step_minutes else overall_steps.journey_minutes end as bigint)",
                business_midnight(
                    "case when funnel.period_grain = 'month' then " ~ dbt.dateadd('month', 1, 'funnel.period_start')
                    ~ ' else ' ~ dbt.dateadd('month', 3, 'funnel.period_start') ~ ' end'
                )
            ) }} <= {{ as_of() }}
        end as is_mature
    from funnel
    inner join overall_steps on funnel.step = overall_steps.step
),

-- The usual rate: of the funnel's own mature periods among the four before, pooled; without such of the whole company.
earlier as (
    select
        aged.funnel_id,
        aged.step,
        sum(previous.passed) as passed,
        sum(previous.entered) as entered
    from aged
    inner join aged as previous
        on
            aged.view = previous.view
            and aged.period_grain = previous.period_grain
            and aged.dimension = previous.dimension
            and aged.dimension_value = previous.dimension_value
            and aged.step = previous.step
            and aged.period_start > previous.period_start
            and previous.period_start
            >= case
                when aged.period_grain = 'month' then {{ dbt.dateadd('month', -4, 'aged.period_start') }}
                else {{ dbt.dateadd('month', -12, 'aged.period_start') }}
            end
    where previous.is_mature
    group by aged.funnel_id, aged.step
),

usual as (
    select
        aged.*,
        case
            when earlier.entered > 0 then 'previous_periods'
            when aged.period_grain = 'all' and aged.dimension = 'overall' then 'none'
            when overall_steps.entered > 0 then 'overall'
            else 'none'
        end as usual_kind,
        case when earlier.entered > 0 then earlier.passed else overall_steps.passed end as usual_passed,
        case when earlier.entered > 0 then earlier.entered else overall_steps.entered end as usual_entered
    from aged
    inner join overall_steps on aged.step = overall_steps.step
    left join earlier
        on
            aged.funnel_id = earlier.funnel_id
            and aged.step = earlier.step
),

-- The rate that those who pass meet at a step: the period's own where it can be told already, else the usual one.
carried as (
    select
        *,
        usual_passed / nullif(usual_entered, 0) as usual_rate,
        coalesce(case when is_mature then pass_rate end, usual_passed / nullif(usual_entered, 0), pass_rate) as carried_rate
    from usual
),

-- A benchmark may span several steps. A step's share of it is the rate at which the span would reach the benchmark while
-- its other steps stay as they are; where nobody passes another of them, no rate of its own would do.
spans as (
    select
        funnel_benchmarks.kpi_id,
        kpi_catalogue.benchmark_low,
        first_steps.step_order as first_order,
        coalesce(next_steps.step_order, (select max(step_order) + 1 from overall_steps)) as next_order
    from funnel_benchmarks
    inner join kpi_catalogue on funnel_benchmarks.kpi_id = kpi_catalogue.kpi_id
    inner join overall_steps as first_steps on funnel_benchmarks.from_step = first_steps.step
    left join overall_steps as next_steps on funnel_benchmarks.to_step = next_steps.step
    where kpi_catalogue.benchmark_low is not null
),

span_rates as (
    select
        carried.funnel_id,
        carried.step,
        spans.kpi_id,
        spans.benchmark_low / nullif(coalesce({{ product('others.carried_rate', order_by='others.step_order') }}, 1), 0) as needed_rate
    from carried
    inner join spans
        on carried.step_order >= spans.first_order and carried.step_order < spans.next_order
    left join carried as others
        on
            carried.funnel_id = others.funnel_id
            and others.step_order >= spans.first_order
            and others.step_order < spans.next_order
            and carried.step != others.step
    group by carried.funnel_id, carried.step, spans.kpi_id, spans.benchmark_low
),

benchmarks as (
    select
        funnel_id,
        step,
        case when needed_rate > 1 then 1 else needed_rate end as benchmark_rate,
        kpi_id
    from span_rates
    qualify row_number() over (partition by funnel_id, step order by needed_rate desc nulls last, kpi_id asc) = 1
),

-- The better of the two is what the step is held against: what is usual elsewhere, or what this funnel did before.
judged as (
    select
        carried.*,
        benchmarks.benchmark_rate,
        benchmarks.kpi_id,
        case
            when carried.usual_kind = 'none' and benchmarks.benchmark_rate is null then 'none'
            when carried.usual_kind = 'none' or benchmarks.benchmark_rate > carried.usual_rate then 'benchmark'
            else carried.usual_kind
        end as reference_kind
    from carried
    left join benchmarks
        on
            carried.funnel_id = benchmarks.funnel_id
            and carried.step = benchmarks.step
),

final as (
    select
        funnel_id,
        step,
        is_mature,
        carried_rate,
        reference_kind,
        case when reference_kind = 'benchmark' then kpi_id end as reference_kpi_id,
        case reference_kind
            when 'benchmark' then benchmark_rate
            when 'none' then null
            else usual_rate
        end as reference_rate,
        case reference_kind
            when 'benchmark' then benchmark_rate
            when 'none' then null
            else {{ wilson_low('usual_passed', 'usual_entered') }}
        end as reference_low,
        case reference_kind
            when 'benchmark' then benchmark_rate
            when 'none' then null
            else {{ wilson_high('usual_passed', 'usual_entered') }}
        end as reference_high
    from judged
)

select * from final

with
kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
    where period_grain in ('month', 'quarter') and dimension = 'overall'
),

targets as (
    select * from {{ ref('int_target__values') }}
    where dimension = 'overall'
),

causes as (
    select * from {{ ref('diagnosis_causes') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

evidence as (
    select * from {{ ref('mart_diagnosis_evidence') }}
),

judged as (
    select
        kpi_values.kpi_id,
        kpi_values.period_grain,
        kpi_values.period_start,
        kpi_values.value,
        kpi_values.target,
        kpi_catalogue.direction,
        case kpi_catalogue.direction when 'up' then kpi_values.benchmark_low else kpi_values.benchmark_high end as benchmark,
        case kpi_catalogue.direction
            when 'up' then kpi_values.value < targets.miss_limit
            else kpi_values.value > targets.miss_limit
        end as is_target_missed,
        kpi_values.target is null
        and kpi_values.status = case kpi_catalogue.direction when 'up' then 'below' else 'above' end as is_benchmark_missed,
        kpi_catalogue.aggregation = 'sum'
        and {{ period_end('kpi_values.period_grain', 'kpi_values.period_start') }} > {{ business_day(as_of()) }} as is_unfinished
    from kpi_values
    inner join kpi_catalogue on kpi_values.kpi_id = kpi_catalogue.kpi_id
    left join targets
        on
            kpi_values.kpi_id = targets.kpi_id
            and kpi_values.period_grain = targets.period_grain
            and kpi_values.period_start = targets.period_start
),

-- A count of a period that is not over is not missed yet: mart_alerts speaks of those.
missed as (
    select
        *,
        case when is_target_missed then 'target' else 'benchmark' end as missed_reference,
        case when is_target_missed then target else benchmark end as reference_value
    from judged
    where (is_target_missed or is_benchmark_missed) and not is_unfinished
),

ranked_groups as (
    select
        *,
        row_number() over (
            partition by kpi_id, period_grain, period_start, dimension
            order by is_conclusive desc, gain desc nulls last, dimension_value asc
        ) as worst_rank,
        row_number() over (
            partition by kpi_id, period_grain, period_start, dimension
            order by gain asc nulls last, dimension_value asc
        ) as best_rank
    from evidence
),

caused as (
    select
        missed.*,
        causes.cause_id,
        causes.cause_order,
        causes.cause_en,
        causes.cause_ja,
        causes.action_en,
        causes.action_ja,
        causes.dimension,
        worst.compared_with,
        worst.dimension_value as worst_value,
        worst.value as worst_rate,
        worst.trials as worst_trials,
        worst.compared_value,
        worst.compared_trials,
        worst.gain,
        worst.gain_low,
        worst.gain_high,
        worst.adjusted_p_value,
        coalesce(worst.is_conclusive, false) as is_conclusive,
        best.dimension_value as best_value,
        best.value as best_rate,
        best.trials as best_trials
    from missed
    inner join causes on missed.kpi_id = causes.kpi_id
    left join ranked_groups as worst
        on
            causes.kpi_id = worst.kpi_id
            and causes.dimension = worst.dimension
            and missed.period_grain = worst.period_grain
            and missed.period_start = worst.period_start
            and worst.worst_rank = 1
            and worst.gain > 0
    left join ranked_groups as best
        on
            causes.kpi_id = best.kpi_id
            and causes.dimension = best.dimension
            and missed.period_grain = best.period_grain
            and missed.period_start = best.period_start
            and best.best_rank = 1
            and best.gain < 0
),

final as (
    select
        kpi_id,
        period_grain,
        period_start,
        cause_id,
        row_number() over (
            partition by kpi_id, period_grain, period_start
            order by is_conclusive desc, gain desc nulls last, cause_order asc
        ) as cause_rank,
        value as kpi_value,
        missed_reference,
        reference_value,
        abs(value - reference_value) as shortfall,
        cause_en as cause,
        cause_ja,
        action_en as action,
        action_ja,
        dimension,
        compared_with,
        worst_value,
        worst_rate,
        worst_trials,
        compared_value,
        compared_trials,
        gain,
        gain_low,
        gain_high,
        adjusted_p_value,
        is_conclusive,
        best_value,
        best_rate,
        best_trials,
        'select dimension_value, trials, value, value_low, value_high, compared_value, gain, gain_low, gain_high, is_conclusive '
        || 'from marts.mart_diagnosis_evidence where kpi_id = ''' || kpi_id || ''' and dimension = ''' || dimension
        || ''' and period_grain = ''' || period_grain || ''' and period_start = date '''
        || cast(period_start as {{ dbt.type_string() }}) || ''' order by gain desc' as evidence_query
    from caused
)

select * from final

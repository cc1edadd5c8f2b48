with
shares as (
    select * from {{ ref('int_diagnosis__shares') }}
),

causes as (
    select * from {{ ref('diagnosis_causes') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
    where aggregation = 'sum' and unit = 'count'
),

counts as (
    select
        kpi_values.kpi_id,
        kpi_values.period_grain,
        kpi_values.period_start,
        kpi_values.dimension,
        kpi_values.dimension_value,
        kpi_values.value,
        {{ period_end('kpi_values.period_grain', 'kpi_values.period_start') }} as next_start
    from {{ ref('mart_kpi_values') }} as kpi_values
    inner join kpi_catalogue on kpi_values.kpi_id = kpi_catalogue.kpi_id
    inner join causes on kpi_values.kpi_id = causes.kpi_id and kpi_values.dimension = causes.dimension
    where kpi_values.period_grain in ('month', 'quarter')
),

measured_shares as (
    select
        *,
        successes / nullif(trials, 0) as share,
        {{ wilson_low('successes', 'trials') }} as share_low,
        {{ wilson_high('successes', 'trials') }} as share_high,
        rest_successes / nullif(rest_trials, 0) as rest_share,
        {{ wilson_low('rest_successes', 'rest_trials') }} as rest_low,
        {{ wilson_high('rest_successes', 'rest_trials') }} as rest_high,
        {{ two_share_z('rest_successes', 'nullif(rest_trials, 0)', 'successes', 'trials') }} as z
    from shares
),

compared_shares as (
    select
        *,
        rest_share - share as difference,
        {{ difference_low('rest_share', 'rest_low', 'share', 'share_high') }} as difference_low,
        {{ difference_high('rest_share', 'rest_high', 'share', 'share_low') }} as difference_high
    from measured_shares
),

-- A group that brought something before and nothing now has no row of the period.
compared_counts as (
    select
        coalesce(counts.kpi_id, earlier.kpi_id) as kpi_id,
        coalesce(counts.period_grain, earlier.period_grain) as period_grain,
        coalesce(counts.period_start, earlier.next_start) as period_start,
        coalesce(counts.dimension, earlier.dimension) as dimension,
        coalesce(counts.dimension_value, earlier.dimension_value) as dimension_value,
        coalesce(counts.value, 0) as value,
        coalesce(earlier.value, 0) as compared_value,
        sqrt(coalesce(counts.value, 0) + coalesce(earlier.value, 0)) as standard_error
    from counts
    full join counts as earlier
        on
            counts.kpi_id = earlier.kpi_id
            and counts.period_grain = earlier.period_grain
            and counts.period_start = earlier.next_start
            and counts.dimension = earlier.dimension
            and counts.dimension_value = earlier.dimension_value
),

-- Counts are compared where a period is over and one came before it.
whole_counts as (
    select
        *,
        (compared_value - value) / nullif(standard_error, 0) as z
    from compared_counts
    where
        {{ period_end('period_grain', 'period_start') }} <= {{ business_day(as_of()) }}
        and period_start > (
            select min(first_counts.period_start)
            from counts as first_counts
            where
                first_counts.kpi_id = compared_counts.kpi_id
                and first_counts.period_grain = compared_counts.period_grain
        )
),

evidence as (
    select
        kpi_id,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        'rest' as compared_with,
        trials,
        rest_trials as compared_trials,
        share as value,
        share_low as value_low,
        share_high as value_high,
        rest_share as compared_value,
        trials * case when is_more_better then difference else -difference end as gain,
        trials * case when is_more_better then difference_low else -difference_high end as gain_low,
        trials * case when is_more_better then difference_high else -difference_low end as gain_high,
        {{ two_sided_p_value('z') }} as p_value
    from compared_shares
    union all
    select
        kpi_id,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        'previous_period' as compared_with,
        cast(null as bigint) as trials,
        cast(null as bigint) as compared_trials,
        value,
        cast(null as double) as value_low,
        cast(null as double) as value_high,
        compared_value,
        compared_value - value as gain,
        compared_value - value - 1.959963984540054 * standard_error as gain_low,
        compared_value - value + 1.959963984540054 * standard_error as gain_high,
        {{ two_sided_p_value('z') }} as p_value
    from whole_counts
),

-- Of many groups one looks bad by chance: the probability is multiplied by their number (Bonferroni).
adjusted as (
    select
        *,
        least(1.0, p_value * count(p_value) over (partition by kpi_id, period_grain, period_start, dimension))
            as adjusted_p_value
    from evidence
),

final as (
    select
        *,
        coalesce(gain_low > 0 and adjusted_p_value <= 0.05, false) as is_conclusive
    from adjusted
)

select * from final

with
validated as (
    select * from {{ ref('int_target__validated') }}
),

kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
),

smart_rules as (
    select * from {{ ref('smart_rules') }}
),

-- A campaign is one period of its own length: its days are added up.
campaign_values as (
    select
        validated.target_id,
        case
            when validated.aggregation = 'ratio'
                then
                    cast({{ exact_sum('kpi_values.numerator') }} as double)
                    / nullif(cast({{ exact_sum('kpi_values.denominator') }} as double), 0)
            else cast({{ exact_sum('kpi_values.numerator') }} as double)
        end as actual
    from validated
    inner join kpi_values
        on
            validated.kpi_id = kpi_values.kpi_id
            and validated.dimension = kpi_values.dimension
            and validated.dimension_value = kpi_values.dimension_value
            and kpi_values.period_grain = 'day'
            and validated.period_start <= kpi_values.period_start
            and validated.period_end > kpi_values.period_start
    where validated.is_accepted and validated.period_grain = 'campaign'
    group by validated.target_id, validated.aggregation
),

-- The best period of the same length before the target's, in the direction that is better.
best_periods as (
    select
        validated.target_id,
        max(kpi_values.value) as highest,
        min(kpi_values.value) as lowest
    from validated
    inner join kpi_values
        on
            validated.kpi_id = kpi_values.kpi_id
            and validated.dimension = kpi_values.dimension
            and validated.dimension_value = kpi_values.dimension_value
            and validated.period_grain = kpi_values.period_grain
            and validated.period_start > kpi_values.period_start
    where validated.is_accepted
    group by validated.target_id
),

seen_values as (
    select distinct
        dimension,
        dimension_value
    from kpi_values
),

joined as (
    select
        validated.*,
        seen_values.dimension_value is not null as is_seen,
        case
            when validated.direction = 'down' then best_periods.lowest
            else best_periods.highest
        end as best_before,
        validated.period_start > {{ business_day(as_of()) }} as is_future,
        validated.period_end <= {{ business_day(as_of()) }} as is_ended,
        -- A period without a row has nothing: 0 of what is counted, no rate.
        coalesce(
            campaign_values.actual,
            kpi_values.value,
            case
                when validated.aggregation = 'sum' and validated.period_start <= {{ business_day(as_of()) }} then 0
            end
        ) as actual
    from validated
    left join campaign_values on validated.target_id = campaign_values.target_id
    left join best_periods on validated.target_id = best_periods.target_id
    left join seen_values
        on validated.dimension = seen_values.dimension and validated.dimension_value = seen_values.dimension_value
    left join kpi_values
        on
            validated.is_accepted
            and validated.kpi_id = kpi_values.kpi_id
            and validated.period_grain = kpi_values.period_grain
            and validated.period_start = kpi_values.period_start
            and validated.dimension = kpi_values.dimension
            and validated.dimension_value = kpi_values.dimension_value
),

judged as (
    select
        *,
        {{ attainment('actual', 'target', 'direction') }} as attainment,
        -- What was never seen has no best period: one warning at most. A loss has no double.
        case
            when not is_seen then 'never_seen'
            when best_before < 0 then null
            when direction = 'down' and target < best_before / 2 then 'beyond_reach'
            when direction = 'up' and target > best_before * 2 then 'beyond_reach'
        end as warning_rule
    from joined
),

final as (
    select
        judged.target_id,
        judged.kpi_id,
        judged.period_grain,
        judged.period_start,
        judged.period_end,
        judged.dimension,
        judged.dimension_value,
        judged.target,
        judged.target_text,
        judged.threshold,
        judged.miss_limit,
        judged.owner,
        judged.kgi_kpi_id,
        judged.judged,
        judged.reason,
        judged.is_accepted,
        judged.rejected_rules,
        judged.rejected_reasons_en,
        judged.rejected_reasons_ja,
        case when judged.is_accepted then smart_rules.wording_en end as warning_en,
        case when judged.is_accepted then smart_rules.wording_ja end as warning_ja,
        judged.best_before,
        case when judged.is_accepted then judged.actual end as actual,
        case when judged.is_accepted then judged.attainment end as attainment,
        case
            when not judged.is_accepted then 'rejected'
            when judged.is_future then 'not_started'
            when not judged.is_ended then 'running'
            when judged.actual is null then 'no_data'
            when {{ is_missed('judged.actual', 'judged.miss_limit', 'judged.direction') }} then 'missed'
            when {{ is_missed('judged.actual', 'judged.target', 'judged.direction') }} then 'nearly_met'
            else 'met'
        end as status
    from judged
    left join smart_rules on judged.warning_rule = smart_rules.rule
)

select * from final

with
validated as (
    select * from {{ ref('int_target__validated') }}
),

final as (
    select
        target_id,
        kpi_id,
        period_grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        target,
        threshold,
        miss_limit,
        owner,
        judged,
        aggregation,
        unit,
        direction
    from validated
    where is_accepted
)

select * from final

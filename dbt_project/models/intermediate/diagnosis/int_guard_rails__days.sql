with
guard_rails as (
    select * from {{ ref('guard_rails') }}
),

kpi_measures as (
    select * from {{ ref('int_kpi__measures') }}
),

costs as (
    select * from {{ ref('fct_costs') }}
    where cost_type = 'sales_hours'
),

measures as (
    select
        measure,
        date_on,
        quantity
    from kpi_measures
    union all
    select
        'sales_cost' as measure,
        occurred_on as date_on,
        amount as quantity
    from costs
),

final as (
    select
        guard_rails.guard_id,
        measures.date_on,
        coalesce(sum(measures.quantity) filter (where measures.measure = guard_rails.numerator_measure), 0) as numerator,
        coalesce(sum(measures.quantity) filter (where measures.measure = guard_rails.denominator_measure), 0)
            as denominator,
        coalesce(sum(measures.quantity) filter (where measures.measure = guard_rails.observed_measure), 0) as observations
    from guard_rails
    inner join measures
        on
            measures.measure in (
                guard_rails.numerator_measure, guard_rails.denominator_measure, guard_rails.observed_measure
            )
    group by guard_rails.guard_id, measures.date_on
)

select * from final

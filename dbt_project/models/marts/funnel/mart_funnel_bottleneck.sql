with
funnel as (
    select
        *,
        {{ surrogate_key(['view', 'period_grain', 'period_start', 'dimension', 'dimension_value']) }} as funnel_id
    from {{ ref('mart_funnel') }}
    where period_grain in ('month', 'quarter', 'all')
),

step_references as (
    select * from {{ ref('int_funnel__references') }}
),

-- What an order brings: the average of the dimension's own over all time, without one that of the whole company.
order_values as (
    select
        view,
        dimension,
        dimension_value,
        won_amount / nullif(entered, 0) as order_value
    from funnel
    where period_grain = 'all' and step = 'won'
),

-- The share of those who pass a step that the later steps leave as orders.
referred as (
    select
        funnel.*,
        step_references.is_mature,
        step_references.reference_kind,
        step_references.reference_kpi_id,
        step_references.reference_rate,
        step_references.reference_low,
        step_references.reference_high,
        coalesce({{ product('step_references.carried_rate') }} over (
            partition by funnel.funnel_id
            order by funnel.step_order
            rows between 1 following and unbounded following
        ), 1) as later_rate,
        coalesce(order_values.order_value, overall_values.order_value) as order_value
    from funnel
    inner join step_references
        on
            funnel.funnel_id = step_references.funnel_id
            and funnel.step = step_references.step
    left join order_values
        on
            funnel.view = order_values.view
            and funnel.dimension = order_values.dimension
            and funnel.dimension_value = order_values.dimension_value
    left join order_values as overall_values
        on funnel.view = overall_values.view and overall_values.dimension = 'overall'
),

affected as (
    select
        *,
        case
            when not is_mature or reference_rate is null then null
            when reference_rate > pass_rate then entered * (reference_rate - pass_rate) * later_rate
            else 0
        end as effect_orders
    from referred
),

final as (
    select
        period_grain,
        period_start,
        view,
        dimension,
        dimension_value,
        step,
        step_order,
        entered,
        passed,
        pass_rate,
        pass_rate_low,
        pass_rate_high,
        is_mature,
        reference_kind,
        reference_kpi_id,
        reference_rate,
        reference_low,
        reference_high,
        later_rate,
        0.01 * entered * later_rate as orders_per_point,
        effect_orders,
        cast(effect_orders * order_value as decimal(18, 2)) as effect_amount,
        coalesce(is_mature and (pass_rate_high < reference_low or pass_rate_low > reference_high), false) as is_conclusive,
        coalesce(effect_orders, 0) > 0
        and row_number() over (partition by funnel_id order by effect_orders desc nulls last, step_order asc) = 1
            as is_bottleneck
    from affected
)

select * from final

with
costs as (
    select * from {{ ref('fct_costs') }}
),

final as (
    select
        occurred_on as date_on,
        channel,
        campaign_id,
        coalesce(sum(amount) filter (where is_acquisition), 0) as acquisition_cost,
        sum(amount) as total_cost,
        -sum(amount) as net_return
    from costs
    group by all
)

select * from final

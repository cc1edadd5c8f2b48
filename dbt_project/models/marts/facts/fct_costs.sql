with
costs as (
    select * from {{ ref('int_canonical__costs') }}
),

exchange_rates as (
    select * from {{ ref('exchange_rates') }}
    where reporting_currency = '{{ var("reporting_currency") }}'
),

rated as (
    select
        costs.*,
        {{ exchange_rate('costs.currency', 'exchange_rates.rate') }} as exchange_rate
    from costs
    asof left join exchange_rates
        on
            costs.currency = exchange_rates.currency
            and costs.occurred_on >= exchange_rates.valid_from
),

final as (
    select
        cost_id,
        source_system,
        occurred_on,
        cost_type,
        is_acquisition,
        channel,
        campaign_id,
        cast(amount * exchange_rate as decimal(18, 2)) as amount,
        '{{ var("reporting_currency") }}' as currency,
        amount as original_amount,
        currency as original_currency
    from rated
)

select * from final

-- Every cost line has an amount in the reporting currency, and the total per currency is that of the source.
with
costs as (
    select * from {{ ref('fct_costs') }}
),

canonical_costs as (
    select * from {{ ref('int_canonical__costs') }}
),

fact_totals as (
    select original_currency as currency, sum(original_amount) as amount, count(*) - count(amount) as without_rate
    from costs
    group by original_currency
),

source_totals as (
    select currency, sum(amount) as amount
    from canonical_costs
    group by currency
),

final as (
    select
        source_totals.currency,
        source_totals.amount as source_amount,
        fact_totals.amount as fact_amount,
        fact_totals.without_rate
    from source_totals
    left join fact_totals
        on source_totals.currency = fact_totals.currency
    where fact_totals.amount is distinct from source_totals.amount or fact_totals.without_rate > 0
)

select * from final

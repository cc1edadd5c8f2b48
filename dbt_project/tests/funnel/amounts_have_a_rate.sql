-- An amount in a currency without a rate in the seed exchange_rates can't be counted: add the rate.
select
    opportunity_id,
    original_currency,
    closed_at
from {{ ref('fct_opportunities') }}
where original_amount is not null and amount is null

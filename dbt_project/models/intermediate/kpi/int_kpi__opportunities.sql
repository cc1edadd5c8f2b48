with
opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

business_assumptions as (
    select * from {{ ref('business_assumptions') }}
),

assumed as (
    select
        max(case when key = 'gross_margin' then value end) as gross_margin,
        max(case when key = 'contract_months' then value end) as contract_months
    from business_assumptions
),

anchored as (
    {% for anchor in ['created', 'closed'] %}
    select
        '{{ anchor }}' as anchor,
        {{ business_day(anchor ~ '_at') }} as date_on,
        channel,
        campaign_id,
        content_id,
        segment,
        owner_id,
        conversion_point,
        is_won,
        amount
    from opportunities
    where {{ anchor }}_at is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

counted as (
    select
        date_on,
        channel,
        campaign_id,
        content_id,
        segment,
        owner_id,
        conversion_point,
        count(*) filter (where anchor = 'created') as opportunities_created,
        count(*) filter (where anchor = 'closed') as opportunities_closed,
        count(*) filter (where anchor = 'closed' and is_won) as opportunities_won,
        coalesce(sum(amount) filter (where anchor = 'closed' and is_won), 0) as won_amount
    from anchored
    group by all
),

final as (
    select
        counted.*,
        counted.won_amount * assumed.gross_margin / assumed.contract_months as monthly_gross_profit,
        counted.won_amount as net_return
    from counted
    cross join assumed
)

select * from final

with
ad_days as (
    select * from {{ ref('int_canonical__ad_days') }}
),

file_costs as (
    select * from {{ ref('stg_files__costs') }}
),

campaigns as (
    select * from {{ ref('int_canonical__campaigns') }}
),

channel_mappings as (
    select * from {{ ref('channel_mappings') }}
),

cost_types as (
    select * from {{ ref('cost_types') }}
),

unioned as (
    select
        costs.source_system,
        costs.occurred_on || '|' || costs.record_id as cost_line_id,
        costs.occurred_on,
        costs.cost as amount,
        costs.currency,
        'ad_spend' as source_cost_type,
        campaigns.channel,
        campaigns.campaign_id
    from ad_days as costs
    inner join campaigns
        on
            costs.source_system = campaigns.source_system
            and costs.record_id = campaigns.record_id

    union all

    select
        costs.source_system,
        costs.cost_line_id,
        costs.occurred_on,
        costs.amount,
        costs.currency,
        costs.cost_type as source_cost_type,
        coalesce(mappings.channel, costs.channel) as channel,
        costs.campaign_id
    from file_costs as costs
    left join channel_mappings as mappings
        on
            mappings.system = 'files'
            and mappings.source_value = costs.channel
),

final as (
    select
        {{ surrogate_key(['unioned.source_system', 'unioned.cost_line_id']) }} as cost_id,
        unioned.source_system,
        unioned.cost_line_id,
        unioned.occurred_on,
        unioned.amount,
        coalesce(unioned.currency, '{{ var("reporting_currency") }}') as currency,
        coalesce(cost_types.cost_type, unioned.source_cost_type, 'other') as cost_type,
        coalesce(cost_types.is_acquisition, false) as is_acquisition,
        coalesce(unioned.channel, 'unattributed') as channel,
        coalesce(unioned.campaign_id, 'unattributed') as campaign_id
    from unioned
    left join cost_types
        on unioned.source_cost_type = cost_types.source_value
    where {{ business_midnight('unioned.occurred_on') }} < {{ as_of() }}
)

select * from final

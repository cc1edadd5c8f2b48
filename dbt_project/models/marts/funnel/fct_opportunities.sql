with
canonical_opportunities as (
    select * from {{ ref('int_canonical__opportunities') }}
),

opportunity_history as (
    select * from {{ ref('int_canonical__opportunity_stages') }}
),

opportunity_stages as (
    select * from {{ ref('opportunity_stages') }}
),

exchange_rates as (
    select * from {{ ref('exchange_rates') }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

crm_accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
),

journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

accounts as (
    select * from {{ ref('dim_account') }}
),

staged as (
    select
        canonical_opportunities.*,
        opportunity_stages.stage_order,
        coalesce(opportunity_stages.is_closed, false) as is_stage_closed,
        coalesce(opportunity_stages.is_won, false) as is_stage_won,
        case
            when canonical_opportunities.contact_record_id is not null then 'contact'
            when canonical_opportunities.person_record_id is not null then 'person'
        end as buyer_record_type,
        coalesce(canonical_opportunities.contact_record_id, canonical_opportunities.person_record_id) as buyer_record_id
    from canonical_opportunities
    left join opportunity_stages on lower({{ cleaned('canonical_opportunities.stage') }}) = opportunity_stages.stage_name
),

result_times as (
    select
        staged.opportunity_id,
        max(opportunity_history.entered_at) as entered_at
    from staged
    inner join opportunity_history
        on
            staged.source_system = opportunity_history.source_system
            and staged.record_id = opportunity_history.opportunity_record_id
    inner join opportunity_stages
        on
            lower({{ cleaned('opportunity_history.stage') }}) = opportunity_stages.stage_name
            and staged.is_stage_won = opportunity_stages.is_won
    where staged.is_stage_closed and opportunity_stages.is_closed
    group by staged.opportunity_id
),

-- The CRM's history says when an opportunity came to its result; the close date is what sales typed, and counts where
-- there is no history. A result dated in the future of as_of has not happened yet.
judged as (
    select
        staged.*,
        coalesce(result_times.entered_at, staged.closed_at) as result_at,
        staged.is_stage_closed
        and coalesce(coalesce(result_times.entered_at, staged.closed_at) < {{ as_of() }}, true) as is_closed
    from staged
    left join result_times on staged.opportunity_id = result_times.opportunity_id
),

-- The journey of the lead that became the opportunity (the canonical record names the converted lead, or the lead a
-- file names), else the person's latest journey begun before it.
attached as (
    select
        judged.*,
        {{ business_day('coalesce(case when judged.is_closed then judged.result_at end, judged.created_at)') }} as valued_on,
        coalesce(lead_records.lead_id, journeys.lead_id) as lead_id,
        coalesce(lead_records.person_id, record_person.person_id) as person_id,
        coalesce(crm_accounts.account_id, record_person.account_id) as crm_account_id
    from judged
    left join lead_records
        on
            judged.source_system = lead_records.source_system
            and judged.lead_record_id = lead_records.record_id
            and lead_records.record_type = 'lead'
    left join record_person
        on
            judged.source_system = record_person.source_system
            and judged.buyer_record_type = record_person.record_type
            and judged.buyer_record_id = record_person.record_id
    left join journeys
        on
            record_person.person_id = journeys.person_id
            and judged.created_at >= journeys.created_at
            and (journeys.next_created_at is null or judged.created_at < journeys.next_created_at)
    left join crm_accounts
        on {{ record_key('judged.source_system', "'account'", 'judged.account_record_id') }} = crm_accounts.node_key
),

rates as (
    select
        currency,
        rate,
        valid_from,
        lead(valid_from) over (partition by currency order by valid_from) as replaced_on
    from exchange_rates
    where reporting_currency = '{{ var("reporting_currency") }}'
),

-- Channel and campaign are the journey's; the campaign that the CRM names on the opportunity does not count.
placed as (
    select
        attached.*,
        coalesce(attached.crm_account_id, journeys.account_id) as account_id,
        coalesce(journeys.channel, 'unattributed') as channel,
        coalesce(journeys.campaign_id, 'unattributed') as journey_campaign_id,
        journeys.content_id,
        coalesce(journeys.conversion_point, 'unattributed') as conversion_point
    from attached
    left join journeys on attached.lead_id = journeys.lead_id
),

-- An amount whose currency has no rate stays empty: a wrong sum would look like a right one.
final as (
    select
        placed.opportunity_id,
        placed.source_system,
        placed.record_id,
        placed.lead_id,
        placed.person_id,
        placed.account_id,
        placed.owner_id,
        placed.channel,
        placed.journey_campaign_id as campaign_id,
        placed.content_id,
        placed.conversion_point,
        coalesce(accounts.industry, 'unknown') as segment,
        placed.product,
        placed.stage,
        placed.stage_order,
        placed.is_closed,
        placed.is_closed and placed.is_stage_won as is_won,
        cast(
            case
                when placed.currency = '{{ var("reporting_currency") }}' then placed.amount
                else round(placed.amount * rates.rate, 2)
            end as decimal(18, 2)
        ) as amount,
        '{{ var("reporting_currency") }}' as currency,
        placed.amount as original_amount,
        placed.currency as original_currency,
        placed.created_at,
        case when placed.is_closed then placed.result_at end as closed_at
    from placed
    left join accounts on placed.account_id = accounts.account_id
    left join rates
        on
            placed.currency = rates.currency
            and placed.valued_on >= rates.valid_from
            and (rates.replaced_on is null or placed.valued_on < rates.replaced_on)
)

select * from final

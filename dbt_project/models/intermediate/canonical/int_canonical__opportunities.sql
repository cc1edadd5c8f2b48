with
salesforce_opportunities as (
    select * from {{ ref('stg_salesforce__opportunities') }}
),

salesforce_leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

file_opportunities as (
    select * from {{ ref('stg_files__opportunities') }}
),

campaigns as (
    select * from {{ ref('int_canonical__campaigns') }}
),

-- Two leads may have been converted into one opportunity: the older one began it.
lead_of_opportunity as (
    select
        source_system,
        converted_opportunity_id as opportunity_id,
        arg_min(lead_id, (created_at, lead_id)) as lead_id
    from salesforce_leads
    where converted_opportunity_id is not null and (not is_deleted or master_lead_id is not null)
    group by source_system, converted_opportunity_id
),

unioned as (
    select
        opportunities.source_system,
        opportunities.opportunity_id as record_id,
        opportunities.opportunity_name,
        cast(null as varchar) as product,
        opportunities.stage,
        opportunities.amount,
        opportunities.currency,
        opportunities.created_at,
        {{ business_midnight('opportunities.closed_on') }} as closed_at,
        lead_of_opportunity.lead_id as lead_record_id,
        opportunities.contact_id as contact_record_id,
        opportunities.account_id as account_record_id,
        cast(null as varchar) as person_record_id,
        campaigns.campaign_id,
        opportunities.owner_id
    from salesforce_opportunities as opportunities
    left join lead_of_opportunity
        on
            opportunities.source_system = lead_of_opportunity.source_system
            and opportunities.opportunity_id = lead_of_opportunity.opportunity_id
    left join campaigns
        on
            opportunities.source_system = campaigns.source_system
            and opportunities.campaign_id = campaigns.record_id
    where not opportunities.is_deleted

    union all by name

    select
        source_system,
        opportunity_id as record_id,
        opportunity_name,
        product,
        stage,
        amount,
        currency,
        -- A file may name only one of the two; an opportunity is there at the latest when it closes.
        coalesce(created_at, closed_at) as created_at,
        closed_at,
        lead_id as lead_record_id,
        account_id as account_record_id,
        person_id as person_record_id,
        owner_id
    from file_opportunities
),

final as (
    select
        {{ surrogate_key(['source_system', 'record_id']) }} as opportunity_id,
        source_system,
        record_id,
        opportunity_name,
        product,
        stage,
        amount,
        coalesce(currency, '{{ var("reporting_currency") }}') as currency,
        created_at,
        closed_at,
        lead_record_id,
        contact_record_id,
        account_record_id,
        person_record_id,
        campaign_id,
        source_system || ':' || owner_id as owner_id
    from unioned
    -- An opportunity without any time (a prospect that was never engaged) still exists.
    where coalesce(created_at < {{ as_of() }}, true)
)

select * from final

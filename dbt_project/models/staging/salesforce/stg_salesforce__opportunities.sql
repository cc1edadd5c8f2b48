with
source as (
    select * from {{ source('raw', 'salesforce__opportunities') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as opportunity_id,
        AccountId as account_id,
        ContactId as contact_id,
        CampaignId as campaign_id,
        OwnerId as owner_id,

        -- text
        {{ cleaned('Name') }} as opportunity_name,
        {{ cleaned('StageName') }} as stage,
        {{ cleaned('LeadSource') }} as lead_source,
        CurrencyIsoCode as currency,

        -- numbers
        Amount as amount,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,

        -- times
        CreatedDate as created_at,
        SystemModstamp as updated_at,
        CloseDate as closed_on
    from latest
)

select * from final

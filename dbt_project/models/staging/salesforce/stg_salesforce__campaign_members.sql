with
source as (
    select * from {{ source('raw', 'salesforce__campaign_members') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as campaign_member_id,
        CampaignId as campaign_id,
        LeadId as lead_id,
        ContactId as contact_id,

        -- text
        {{ cleaned('Status') }} as status,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,
        HasResponded as has_responded,

        -- times
        FirstRespondedDate as first_responded_on,
        CreatedDate as created_at,
        SystemModstamp as updated_at
    from latest
)

select * from final

with
source as (
    select * from {{ source('raw', 'hubspot__marketing_emails') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as marketing_email_id,
        primaryEmailCampaignId as email_campaign_id,
        campaign as campaign_guid,
        -- A mail to several lists is told by the first.
        list_extract(contactLists, 1) as list_id,

        -- text
        {{ cleaned('name') }} as marketing_email_name,
        subject,
        {{ cleaned('campaignName') }} as campaign_name,
        lower({{ cleaned('campaignUtm') }}) as utm_campaign,
        type as email_type,
        state,
        fromName as sender_name,

        -- times
        publishDate as published_at,
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

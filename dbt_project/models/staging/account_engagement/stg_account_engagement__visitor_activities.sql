with
source as (
    select * from {{ source('raw', 'account_engagement__visitor_activities') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as activity_id,
        prospectId as prospect_id,
        campaignId as campaign_id,
        -- What the activity is about. A form on a landing page may name both, or the page alone; what is sent from a
        -- template to a list names both.
        case
            when formId is not null then 'form-' || formId
            when formHandlerId is not null then 'form_handler-' || formHandlerId
            when fileId is not null then 'file-' || fileId
            when listEmailId is not null then 'list_email-' || listEmailId
            when emailTemplateId is not null then 'email_template-' || emailTemplateId
            when emailId is not null then 'email-' || emailId
            when customRedirectId is not null then 'custom_redirect-' || customRedirectId
            when landingPageId is not null then 'landing_page-' || landingPageId
        end as asset_id,

        -- text
        case
            when formId is not null then 'form'
            when formHandlerId is not null then 'form_handler'
            when fileId is not null then 'file'
            when coalesce(listEmailId, emailTemplateId, emailId) is not null then 'email'
            when customRedirectId is not null then 'custom_redirect'
            when landingPageId is not null then 'landing_page'
            else 'other'
        end as asset_type,
        cast(type as {{ dbt.type_string() }}) as activity_type,
        {{ extracted('details', '^(https?://[^ ]+)') }} as url,

        -- times
        createdAt as occurred_at
    from latest
)

select * from final

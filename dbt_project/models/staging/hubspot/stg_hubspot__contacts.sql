with
source as (
    select * from {{ source('raw', 'hubspot__contacts') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as contact_id,
        associatedcompanyid as company_id,
        hubspot_owner_id as owner_id,
        salesforceleadid as salesforce_lead_id,
        salesforcecontactid as salesforce_contact_id,
        {{ split_list('hs_merged_object_ids', ';') }} as merged_contact_ids,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('email') }} as email,
        {{ split_list('hs_additional_emails', ';') }} as additional_emails,
        {{ cleaned('lastname') }} as last_name,
        {{ cleaned('firstname') }} as first_name,
        {{ cleaned('phone') }} as phone,
        {{ cleaned('company') }} as company_name,
        {{ cleaned('industry') }} as industry,
        {{ cleaned('state') }} as region,
        lower(lifecyclestage) as lifecycle_stage,
        {{ cleaned('hs_lead_status') }} as lead_status,
        hs_analytics_source as analytics_source,
        hs_analytics_source_data_1 as analytics_source_detail,

        -- numbers
        numemployees as employees,
        hubspotscore as score,

        -- booleans
        coalesce(archived, false) as is_archived,
        hs_email_optout as has_opted_out_of_email,
        list_contains({{ split_list('hs_legal_basis', ';') }}, 'Freely given consent from contact') as has_consented,

        -- times
        createdAt as created_at,
        updatedAt as updated_at,
        hs_lifecyclestage_lead_date as became_lead_at,
        hs_lifecyclestage_marketingqualifiedlead_date as became_mql_at
    from latest
)

select * from final

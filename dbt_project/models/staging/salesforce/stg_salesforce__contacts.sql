with
source as (
    select * from {{ source('raw', 'salesforce__contacts') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as contact_id,
        MasterRecordId as master_contact_id,
        AccountId as account_id,
        OwnerId as owner_id,
        HubSpot_Contact_Id__c as hubspot_contact_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('LastName') }} as last_name,
        {{ cleaned('FirstName') }} as first_name,
        {{ cleaned('Email') }} as email,
        {{ cleaned('Phone') }} as phone,
        {{ cleaned('LeadSource') }} as lead_source,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,
        HasOptedOutOfEmail as has_opted_out_of_email,

        -- times
        CreatedDate as created_at,
        SystemModstamp as updated_at
    from latest
)

select * from final

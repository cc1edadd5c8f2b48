with
source as (
    select * from {{ source('raw', 'salesforce__leads') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as lead_id,
        MasterRecordId as master_lead_id,
        -- Users only (005): what waits in a queue (00G) has no owner yet.
        case when OwnerId like '005%' then OwnerId end as owner_id,
        ConvertedAccountId as converted_account_id,
        ConvertedContactId as converted_contact_id,
        ConvertedOpportunityId as converted_opportunity_id,
        HubSpot_Contact_Id__c as hubspot_contact_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('LastName') }} as last_name,
        {{ cleaned('FirstName') }} as first_name,
        {{ cleaned('Company') }} as company_name,
        {{ cleaned('Email') }} as email,
        {{ cleaned('Phone') }} as phone,
        {{ cleaned('Website') }} as website,
        {{ cleaned('Industry') }} as industry,
        {{ cleaned('State') }} as region,
        {{ cleaned('LeadSource') }} as lead_source,
        {{ cleaned('Status') }} as status,

        -- numbers
        NumberOfEmployees as employees,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,
        coalesce(IsConverted, false) as is_converted,
        HasOptedOutOfEmail as has_opted_out_of_email,

        -- times
        CreatedDate as created_at,
        SystemModstamp as updated_at,
        MQL_At__c as mql_at,
        Budget_Confirmed_At__c as budget_confirmed_at,
        Authority_Confirmed_At__c as authority_confirmed_at,
        Need_Confirmed_At__c as need_confirmed_at,
        Timeline_Confirmed_At__c as timeline_confirmed_at,
        Next_Step_Agreed_At__c as next_step_agreed_at
    from latest
)

select * from final

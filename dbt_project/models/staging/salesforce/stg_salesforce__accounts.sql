with
source as (
    select * from {{ source('raw', 'salesforce__accounts') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as account_id,
        MasterRecordId as master_account_id,
        ParentId as parent_account_id,
        OwnerId as owner_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('Name') }} as account_name,
        {{ cleaned('Website') }} as website,
        {{ cleaned('Industry') }} as industry,
        {{ cleaned('BillingState') }} as region,
        {{ cleaned('Corporate_Number__c') }} as corporate_number,

        -- numbers
        NumberOfEmployees as employees,
        AnnualRevenue as annual_revenue,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,

        -- times
        CreatedDate as created_at,
        SystemModstamp as updated_at
    from latest
)

select * from final

with
source as (
    select * from {{ source('raw', 'salesforce__campaigns') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as campaign_id,
        ParentId as parent_campaign_id,
        OwnerId as owner_id,

        -- text
        {{ cleaned('Name') }} as campaign_name,
        {{ cleaned('Type') }} as campaign_type,
        {{ cleaned('Status') }} as status,
        lower({{ cleaned('UTM_Campaign__c') }}) as utm_campaign,

        -- numbers
        BudgetedCost as budget,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,

        -- times
        StartDate as started_on,
        EndDate as ended_on,
        CreatedDate as created_at,
        SystemModstamp as updated_at
    from latest
)

select * from final

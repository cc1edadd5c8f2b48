with
source as (
    select * from {{ source('raw', 'salesforce__users') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as user_id,

        -- text
        Name as user_name,
        {{ cleaned('Department') }} as department,
        {{ cleaned('RoleName') }} as role_name,

        -- numbers
        Daily_Capacity__c as daily_capacity,

        -- booleans
        IsActive as is_active,

        -- times
        CreatedDate as created_at,
        SystemModstamp as updated_at
    from latest
)

select * from final

with
source as (
    select * from {{ source('raw', 'salesforce__tasks') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as task_id,
        WhoId as who_id,
        WhatId as what_id,
        AccountId as account_id,
        OwnerId as owner_id,

        -- text
        {{ cleaned('Status') }} as status,
        coalesce({{ cleaned('TaskSubtype') }}, {{ cleaned('Type') }}) as task_type,
        CallDisposition as call_result,

        -- numbers
        CallDurationInSeconds as call_duration_seconds,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,

        -- times
        ActivityDate as due_on,
        CompletedDateTime as completed_at,
        CreatedDate as created_at,
        SystemModstamp as updated_at
    from latest
)

select * from final

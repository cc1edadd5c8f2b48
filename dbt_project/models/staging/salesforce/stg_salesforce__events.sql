with
source as (
    select * from {{ source('raw', 'salesforce__events') }}
),

latest as (
    {{ latest_version('source', key=['Id'], version='SystemModstamp') }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as calendar_event_id,
        WhoId as who_id,
        WhatId as what_id,
        AccountId as account_id,
        OwnerId as owner_id,

        -- text
        {{ cleaned('Type') }} as calendar_event_type,

        -- numbers
        DurationInMinutes as duration_minutes,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,

        -- times
        StartDateTime as started_at,
        EndDateTime as ended_at,
        CreatedDate as created_at,
        SystemModstamp as updated_at
    from latest
)

select * from final

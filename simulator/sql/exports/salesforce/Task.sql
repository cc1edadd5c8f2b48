with
stated as (
    select
        tasks.*,
        sales_leads.person_key,
        sales_leads.salesforce_id as lead_id,
        sales_leads.owner_key,
        seen(sales_work.converted_at) as moved_at,
        case when is_done then seen(done_at) end as completed_at,
        -- A conversion moves the open and the done alike.
        case when moved_at is not null then salesforce_id('003', tasks.lead_key * 10) else sales_leads.salesforce_id end as who_id,
        greatest(tasks.created_at, completed_at, moved_at) as modified_at
    from tasks
    inner join sales_leads using (lead_key)
    inner join sales_work using (lead_key)
    where tasks.created_at < getvariable('until')
)
select
    task_key as position,
    to_json({
        'attributes': attributes_of('Task', salesforce_id),
        'Id': salesforce_id,
        'IsDeleted': false,
        'WhoId': who_id,
        'WhatId': null,
        'AccountId': null,
        'OwnerId': user_id(owner_key),
        'Subject': case type when 'Call' then '架電' else 'メール送信' end,
        'Status': case when completed_at is not null then 'Completed' else 'Not Started' end,
        'Type': type,
        'TaskSubtype': type,
        'ActivityDate': business_day(done_at),
        'CompletedDateTime': salesforce_time(completed_at),
        'CallType': case when type = 'Call' then 'Outbound' end,
        'CallDurationInSeconds': case when completed_at is not null then talk_seconds end,
        'CallDisposition': case when completed_at is not null then call_result end,
        'CreatedDate': salesforce_time(created_at),
        'LastModifiedDate': salesforce_time(modified_at),
        'SystemModstamp': salesforce_time(modified_at),
        'Priority': 'Normal'
    })::varchar as record
from stated
where delivered(modified_at)

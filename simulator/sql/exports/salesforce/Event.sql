with
stated as (
    select
        meetings.*,
        sales_leads.salesforce_id as lead_id,
        coalesce(sales_leads.owner_key, opportunities.owner_key) as owner,
        seen(sales_work.converted_at) as moved_at,
        greatest(meetings.created_at, moved_at) as modified_at
    from meetings
    left join sales_leads using (lead_key)
    left join sales_work using (lead_key)
    left join (select opportunity_key, owner_key from opportunities) as opportunities using (opportunity_key)
    where meetings.created_at < getvariable('until')
)
select
    meeting_key as position,
    to_json({
        'attributes': attributes_of('Event', salesforce_id),
        'Id': salesforce_id,
        'IsDeleted': is_deleted,
        'WhoId': case when moved_at is not null then salesforce_id('003', lead_key * 10) else lead_id end,
        'WhatId': case when opportunity_key is not null then salesforce_id('006', opportunity_key) end,
        'AccountId': null,
        'OwnerId': user_id(owner),
        'Subject': case type when 'Meeting' then '商談' else '電話打ち合わせ' end,
        'Type': type,
        'StartDateTime': salesforce_time(starts_at),
        'EndDateTime': salesforce_time(starts_at + interval 1 hour),
        'DurationInMinutes': 60,
        'CreatedDate': salesforce_time(created_at),
        'LastModifiedDate': salesforce_time(modified_at),
        'SystemModstamp': salesforce_time(modified_at),
        'ShowAs': 'Busy'
    })::varchar as record
from stated
where delivered(modified_at)

with
members as (
    select
        lead_key as member_key,
        campaign_key,
        sales_leads.salesforce_id as lead_id,
        null::varchar as contact_id,
        created_at + interval 20 second as joined_at,
        'Responded' as status
    from sales_leads
    where campaign_key is not null
    union all
    -- Customers who came to a webinar.
    select
        5000000000 + attendance.attendance_key, campaigns.campaign_key, null, salesforce_id('003', attendance.person_key * 100),
        attendance.joined_at, 'Attended'
    from attendance
    inner join people using (person_key)
    inner join webinars using (webinar_key)
    inner join campaigns on webinars.campaign_code = campaigns.code
    where people.kind = 'customer' and attendance.is_attended
    union all
    select
        6000000000 + call_list_members.lead_key * 1000 + call_list_members.campaign_key, call_list_members.campaign_key,
        sales_leads.salesforce_id, null, call_list_members.listed_at, 'Sent'
    from call_list_members
    inner join sales_leads using (lead_key)
)
select
    member_key as position,
    to_json({
        'attributes': attributes_of('CampaignMember', salesforce_id('00v', member_key)),
        'Id': salesforce_id('00v', member_key),
        'IsDeleted': false,
        'CampaignId': salesforce_id('701', campaign_key),
        'LeadId': lead_id,
        'ContactId': contact_id,
        'Status': status,
        'HasResponded': status <> 'Sent',
        'FirstRespondedDate': case when status <> 'Sent' then business_day(joined_at) end,
        'CreatedDate': salesforce_time(joined_at),
        'LastModifiedDate': salesforce_time(joined_at),
        'SystemModstamp': salesforce_time(joined_at)
    })::varchar as record
from members
where delivered(joined_at)

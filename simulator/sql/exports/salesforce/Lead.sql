with
leads as (
    select
        sales_leads.lead_key,
        sales_leads.salesforce_id,
        sales_leads.person_key,
        sales_leads.owner_key,
        sales_leads.lead_source,
        sales_leads.created_at,
        case when not sales_leads.is_mark_lost then seen(sales_leads.marked_at) end as marked_at,
        null::timestamp as merged_at,
        null::varchar as master_id,
        sales_leads.origin,
        sales_work.* exclude (lead_key)
    from sales_leads
    inner join sales_work using (lead_key)
    where sales_leads.created_at < getvariable('until')
    union all by name
    select
        lead_key,
        salesforce_id,
        person_key,
        owner_key,
        'Other' as lead_source,
        created_at,
        'second entry' as origin,
        seen(merged_at) as merged_at,
        case when merged_at < getvariable('until') then winner_id end as master_id
    from second_entries
    where created_at < getvariable('until')
),
stated as (
    select
        leads.*,
        people.* exclude (person_key, kind),
        accounts.name as account_name,
        accounts.industry,
        accounts.employees,
        accounts.region,
        contacts.hubspot_id,
        seen(converted_at) as conversion_at,
        case
            when seen(converted_at) is not null then 'Closed - Converted'
            when seen(recycled_at) is not null then 'Recycled'
            when seen(unqualified_at) is not null then 'Unqualified'
            when seen(accepted_only_at) is not null then 'Working'
            when is_status_forgotten or seen(tried_at) is null then 'Open'
            when seen(qualified_at) is not null then 'Qualified'
            else 'Working'
        end as status,
        [seen(bant_1_at), seen(bant_2_at), seen(bant_3_at), null] as bant,
        greatest(
            leads.created_at, leads.marked_at, seen(accepted_only_at), seen(tried_at), seen(bant_1_at), seen(bant_2_at), seen(bant_3_at), seen(next_step_at),
            seen(qualified_at), seen(unqualified_at), seen(recycled_at), seen(converted_at), leads.merged_at
        ) as modified_at
    from leads
    inner join people using (person_key)
    inner join accounts using (account_key)
    left join contacts on leads.person_key = contacts.contact_key and contacts.created_at < getvariable('until')
)
select
    lead_key as position,
    to_json({
        'attributes': attributes_of('Lead', salesforce_id),
        'Id': salesforce_id,
        'IsDeleted': master_id is not null,
        'MasterRecordId': master_id,
        'FirstName': case when u('crm first name empty', lead_key) > 0.05 then first_name end,
        'LastName': last_name,
        'Company': company_written(account_name, 'lead', lead_key),
        'Email': case
            when origin = 'second entry' then upper(email)
            when u('crm address', lead_key) < 0.1 then upper(email[1]) || email[2:]
            else email
        end,
        'Phone': phone_written(phone, 'crm', lead_key),
        'Title': title,
        'Website': case when not is_free_mail then 'https://www.' || regexp_replace(split_part(email, '@', 2), '^east\.', '') || '/' end,
        'Industry': case when u('industry empty', lead_key) > 0.3 then industry end,
        'NumberOfEmployees': case when u('employees empty', lead_key) > 0.3 then employees end,
        'State': case when u('state empty', lead_key) > 0.3 then region end,
        'LeadSource': lead_source,
        'Status': status,
        'OwnerId': case when is_in_queue then queue_id() else user_id(owner_key) end,
        'IsConverted': conversion_at is not null,
        'ConvertedDate': business_day(conversion_at),
        'ConvertedAccountId': case when conversion_at is not null then salesforce_id('001', account_key) end,
        'ConvertedContactId': case when conversion_at is not null then salesforce_id('003', lead_key * 10) end,
        'ConvertedOpportunityId': case when conversion_at is not null then salesforce_id('006', lead_key * 100) end,
        'HasOptedOutOfEmail': false,
        'CreatedDate': salesforce_time(created_at),
        'LastModifiedDate': salesforce_time(modified_at),
        'SystemModstamp': salesforce_time(modified_at),
        'HubSpot_Contact_Id__c': case when origin <> 'second entry' then hubspot_id end,
        'MQL_At__c': salesforce_time(marked_at),
        'Budget_Confirmed_At__c': salesforce_time(bant[1 + (first_bant + 0) % 4]),
        'Authority_Confirmed_At__c': salesforce_time(bant[1 + (first_bant + 1) % 4]),
        'Need_Confirmed_At__c': salesforce_time(bant[1 + (first_bant + 2) % 4]),
        'Timeline_Confirmed_At__c': salesforce_time(bant[1 + (first_bant + 3) % 4]),
        'Next_Step_Agreed_At__c': salesforce_time(seen(next_step_at)),
        'Recycled_Reason__c': case when status = 'Recycled' then '時期未定' end,
        'Rating': 'Warm'
    })::varchar as record
from stated
where delivered(modified_at)

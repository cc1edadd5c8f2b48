with
stated as (
    select
        buyers.buyer_key,
        buyers.created_at,
        people.*,
        contacts.hubspot_id,
        greatest(buyers.created_at, contacts.created_at) as modified_at
    from buyers
    inner join people using (person_key)
    left join contacts on buyers.person_key = contacts.contact_key and contacts.created_at < getvariable('until')
    where buyers.created_at < getvariable('until')
)
select
    buyer_key as position,
    to_json({
        'attributes': attributes_of('Contact', salesforce_id('003', buyer_key)),
        'Id': salesforce_id('003', buyer_key),
        'IsDeleted': false,
        'MasterRecordId': null,
        'AccountId': salesforce_id('001', account_key),
        'FirstName': first_name,
        'LastName': last_name,
        'Email': email,
        'Phone': phone_written(phone, 'crm contact', buyer_key),
        'Title': title,
        'LeadSource': null,
        'OwnerId': user_id(1 + buyer_key % 12),
        'HasOptedOutOfEmail': false,
        'CreatedDate': salesforce_time(created_at),
        'LastModifiedDate': salesforce_time(modified_at),
        'SystemModstamp': salesforce_time(modified_at),
        'HubSpot_Contact_Id__c': hubspot_id,
        'MailingCountry': 'Japan'
    })::varchar as record
from stated
where delivered(modified_at) or is_in_first_delivery(modified_at)

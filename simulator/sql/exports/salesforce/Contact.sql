with
stated as (
    select buyers.buyer_key, buyers.created_at, buyers.lead_key, people.*, contacts.hubspot_id, contacts.created_at as hubspot_created_at
    from buyers
    inner join people using (person_key)
    left join contacts on buyers.person_key = contacts.contact_key and contacts.created_at < getvariable('until')
)
select
    buyer_key as position,
    to_json({
        'attributes': {'type': 'Contact', 'url': '/services/data/v61.0/sobjects/Contact/' || salesforce_id('003', buyer_key)},
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
        'LastModifiedDate': salesforce_time(greatest(created_at, hubspot_created_at)),
        'SystemModstamp': salesforce_time(greatest(created_at, hubspot_created_at)),
        'HubSpot_Contact_Id__c': hubspot_id,
        'MailingCountry': 'Japan'
    })::varchar as record
from stated
where created_at < getvariable('until') and (delivered(greatest(created_at, hubspot_created_at)) or (created_at < getvariable('start_at') and getvariable('since') <= getvariable('start_at')))

with
stated as (
    select accounts.*, min(buyers.created_at) as created_at
    from accounts
    inner join people using (account_key)
    inner join buyers using (person_key)
    where buyers.created_at < getvariable('until')
    group by all
)
select
    account_key as position,
    to_json({
        'attributes': attributes_of('Account', salesforce_id('001', account_key)),
        'Id': salesforce_id('001', account_key),
        'IsDeleted': false,
        'MasterRecordId': null,
        'ParentId': null,
        'Name': company_written(name, 'account', account_key),
        'Website': 'https://www.' || domain || '/',
        'Industry': industry,
        'NumberOfEmployees': employees,
        'AnnualRevenue': annual_revenue::double,
        'BillingState': region,
        'BillingCountry': 'Japan',
        'Corporate_Number__c': corporate_number,
        'OwnerId': user_id(1 + account_key % 12),
        'CreatedDate': salesforce_time(created_at),
        'LastModifiedDate': salesforce_time(created_at),
        'SystemModstamp': salesforce_time(created_at),
        'Type': 'Customer'
    })::varchar as record
from stated
where delivered(created_at) or is_in_first_delivery(created_at)

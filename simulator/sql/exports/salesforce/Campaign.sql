select
    campaign_key as position,
    to_json({
        'attributes': attributes_of('Campaign', salesforce_id),
        'Id': salesforce_id,
        'IsDeleted': false,
        'ParentId': null,
        'Name': label || coalesce(' ' || code, ''),
        'Type': type,
        'Status': 'In Progress',
        'IsActive': true,
        'StartDate': started_on,
        'EndDate': ended_on,
        'BudgetedCost': 1000000.0,
        'ActualCost': null,
        'UTM_Campaign__c': as_written(code, 'salesforce'),
        'OwnerId': user_id(1),
        'CreatedDate': salesforce_time(getvariable('start_at')),
        'LastModifiedDate': salesforce_time(getvariable('start_at')),
        'SystemModstamp': salesforce_time(getvariable('start_at')),
        'NumberOfLeads': 0
    })::varchar as record
from campaigns
where delivered(getvariable('start_at'))

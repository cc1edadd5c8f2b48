select
    owner_key as position,
    to_json({
        'attributes': attributes_of('User', user_id(owner_key)),
        'Id': user_id(owner_key),
        'Name': pick(['佐藤', '鈴木', '高橋', '田中', '伊藤', '渡辺'], 'rep last', owner_key)
        || ' ' || pick(['健', '愛', '翔', '舞', '学'], 'rep first', owner_key),
        'Email': 'rep' || owner_key || '@kumo-crm.example',
        'IsActive': owner_key < 12,
        'Department': case when owner_key <= 4 then 'インサイドセールス' else 'フィールドセールス' end,
        'TimeZoneSidKey': 'Asia/Tokyo',
        'UserRole': {'attributes': {'type': 'UserRole'}, 'Name': case when owner_key <= 4 then 'Inside Sales' else 'Field Sales' end},
        'Daily_Capacity__c': (8 + owner_key % 5)::double,
        'CreatedDate': salesforce_time(getvariable('start_at')),
        'LastModifiedDate': salesforce_time(getvariable('start_at')),
        'SystemModstamp': salesforce_time(getvariable('start_at'))
    })::varchar as record
from range(1, 13) as owners (owner_key)
where delivered(getvariable('start_at'))

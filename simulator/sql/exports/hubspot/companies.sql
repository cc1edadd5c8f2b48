with
stated as (
    select
        *,
        getvariable('start_at') + to_seconds(account_key % 3000) as created_at,
        greatest(created_at, seen(later(created_at, 86400 * 400 * u('account touched up', account_key)))) as updated_at
    from accounts
)
select
    account_key as position,
    to_json({
        'id': (30000000000 + account_key * 7)::varchar,
        'properties': {
            'name': company_written(name, 'hubspot company', account_key),
            'domain': domain,
            'industry': industry,
            'numberofemployees': employees::varchar,
            'annualrevenue': annual_revenue::varchar,
            'state': region,
            'country': 'Japan',
            'hs_merged_object_ids': null,
            'hs_object_id': (30000000000 + account_key * 7)::varchar,
            'hs_num_open_deals': '0'
        },
        'createdAt': iso_ms(created_at),
        'updatedAt': iso_ms(updated_at),
        'archived': false
    })::varchar as record
from stated
where delivered(updated_at)

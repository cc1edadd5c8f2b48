select
    -epoch_us(submitted_at) as position,
    to_json({
        'submittedAt': epoch_of(submitted_at),
        'values': list_filter(
            [
                {'name': 'email', 'value': submissions.email, 'objectTypeId': '0-1'},
                {'name': 'lastname', 'value': people.last_name, 'objectTypeId': '0-1'},
                {'name': 'firstname', 'value': people.first_name, 'objectTypeId': '0-1'},
                {'name': 'company', 'value': company_written(accounts.name, 'form', submission_key), 'objectTypeId': '0-1'},
                {'name': 'phone', 'value': phone_written(people.phone, 'form', submission_key), 'objectTypeId': '0-1'},
                {'name': 'ga_client_id', 'value': case when is_tracked then client_id(device_key) end, 'objectTypeId': '0-1'}
            ],
            lambda field: field.value is not null
        ),
        'pageUrl': 'https://www.kumo-crm.example' || forms.path
        || case
            when submissions.campaign_code is null then ''
            else '?utm_source=' || coalesce(kinds.ga_source, 'hs_email') || '&utm_medium=' || coalesce(kinds.ga_medium, 'email')
                || '&utm_campaign=' || as_written(submissions.campaign_code, 'form')
        end
    })::varchar as record
from submissions
inner join forms using (form_key)
inner join people on people.person_key = submissions.person_key % 2000000000
inner join accounts using (account_key)
left join traffic_kinds as kinds on submissions.traffic_kind = kinds.kind
where delivered(submitted_at) and form_key = getvariable('form_key')

select
    form_key as position,
    to_json({
        'id': form_id,
        'name': name,
        'formType': 'hubspot',
        'createdAt': iso_ms(getvariable('start_at')),
        'updatedAt': iso_ms(getvariable('start_at') + to_seconds(form_key * 61)),
        'archived': false,
        'configuration': {'language': 'ja', 'notifyContactOwner': false}
    })::varchar as record
from forms
where getvariable('since') = getvariable('start_at')

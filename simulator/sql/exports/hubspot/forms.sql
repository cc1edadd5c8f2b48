select
    form_key as position,
    to_json({
        'id': form_id,
        'name': name,
        'formType': 'hubspot',
        'createdAt': iso_ms(created_at),
        'updatedAt': iso_ms(created_at),
        'archived': false,
        'configuration': {'language': 'ja', 'notifyContactOwner': false}
    })::varchar as record
from forms
where delivered(created_at) or is_in_first_delivery(created_at)

select contact_key as position, to_json({'recordId': hubspot_id, 'membershipTimestamp': iso_ms(joined_at)})::varchar as record
from list_members
where delivered(joined_at) and list_key = getvariable('list_key')

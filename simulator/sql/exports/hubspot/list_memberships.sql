with
members as (
    select 1 as list_key, contact_key, hubspot_id, created_at as joined_at from contacts
    union all
    select 2, contact_key, hubspot_id, lead_at from contacts where lead_at is not null
)
select contact_key as position, to_json({'recordId': hubspot_id, 'membershipTimestamp': iso_ms(joined_at)})::varchar as record
from members
where delivered(joined_at) and list_key = getvariable('list_key')

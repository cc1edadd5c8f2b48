-- Addresses that must not be used. One word against it in any tool counts, whoever else writes with the address, and
-- also of an address that the record no longer has.
with
canonical_persons as (
    select * from {{ ref('int_canonical__persons') }}
),

person_addresses as (
    select * from {{ ref('int_canonical__person_addresses') }}
),

events as (
    select * from {{ ref('int_canonical__events') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

said as (
    select
        person_addresses.email,
        'opted out' as reason
    from canonical_persons
    inner join person_addresses
        on canonical_persons.record_key = person_addresses.record_key
    where not canonical_persons.may_email

    union all

    select
        email,
        'unsubscribed' as reason
    from events
    where event_name in ('email_unsubscribed', 'email_reported_as_spam')
),

final as (
    select
        emails.normalised_email,
        min(said.reason) as reason
    from said
    inner join emails
        on said.email = emails.email
    group by emails.normalised_email
)

select * from final

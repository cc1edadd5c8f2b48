with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

phones as (
    select * from {{ ref('int_identity__phones') }}
),

messages as (
    select * from {{ ref('fct_email_messages') }}
),

with_phone as (
    select distinct record_person.person_id
    from persons
    inner join record_person
        on
            persons.source_system = record_person.source_system
            and persons.record_type = record_person.record_type
            and persons.record_id = record_person.record_id
    inner join phones on persons.phone = phones.phone
    where phones.e164 is not null and not phones.is_placeholder
),

bounced as (
    select
        person_id,
        min(bounced_at) as bounced_at
    from messages
    where bounced_at is not null and person_id is not null
    group by person_id
),

final as (
    select
        coalesce(with_phone.person_id, bounced.person_id) as person_id,
        with_phone.person_id is not null as has_phone,
        bounced.bounced_at as first_bounced_at
    from with_phone
    full join bounced on with_phone.person_id = bounced.person_id
)

select * from final

-- Whom an ad platform may be told of, and by which one address and number. Whoever has not said yes is left out.
with
persons as (
    select * from {{ ref('dim_person') }}
    where may_email
),

record_person as (
    select * from {{ ref('record_person') }}
),

canonical_persons as (
    select * from {{ ref('int_canonical__persons') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

addresses as (
    select * from {{ ref('int_identity__addresses') }}
),

person_addresses as (
    select * from {{ ref('int_canonical__person_addresses') }}
),

phones as (
    select * from {{ ref('int_identity__phones') }}
),

refusals as (
    select * from {{ ref('int_activation__refusals') }}
),

records as (
    select
        record_person.person_id,
        canonical_persons.email,
        canonical_persons.phone,
        canonical_persons.may_email,
        canonical_persons.updated_at,
        canonical_persons.record_key
    from record_person
    inner join canonical_persons
        on
            record_person.source_system = canonical_persons.source_system
            and record_person.record_type = canonical_persons.record_type
            and record_person.record_id = canonical_persons.record_id
),

-- A person who has, or had, any refused address is left out, not only the address.
refused_persons as (
    select distinct records.person_id
    from records
    inner join person_addresses
        on records.record_key = person_addresses.record_key
    inner join emails
        on person_addresses.email = emails.email
    inner join refusals
        on emails.normalised_email = refusals.normalised_email
),

usable_addresses as (
    select
        records.person_id,
        addresses.folded_address as email,
        records.updated_at,
        records.record_key
    from records
    inner join emails
        on records.email = emails.email
    inner join addresses
        on records.email = addresses.address
    where records.may_email and not emails.is_role and not emails.is_placeholder and not emails.is_typo_domain
),

-- Of several addresses whose record says yes the one that was kept up last.
chosen_addresses as (
    select *
    from usable_addresses
    qualify
        row_number() over (
            partition by person_id
            order by updated_at desc nulls last, record_key asc
        ) = 1
),

-- A number that several persons have is a switchboard.
own_numbers as (
    select
        phones.e164,
        min(records.person_id) as person_id,
        max(records.updated_at) as updated_at
    from records
    inner join phones
        on records.phone = phones.phone
    where phones.e164 is not null and not phones.is_placeholder
    group by phones.e164
    having count(distinct records.person_id) = 1
),

chosen_numbers as (
    select *
    from own_numbers
    qualify row_number() over (partition by person_id order by updated_at desc nulls last, e164 asc) = 1
),

final as (
    select
        persons.person_id,
        chosen_addresses.email,
        chosen_numbers.e164 as phone
    from persons
    inner join chosen_addresses
        on persons.person_id = chosen_addresses.person_id
    left join chosen_numbers
        on persons.person_id = chosen_numbers.person_id
    left join refused_persons
        on persons.person_id = refused_persons.person_id
    where refused_persons.person_id is null
)

select * from final

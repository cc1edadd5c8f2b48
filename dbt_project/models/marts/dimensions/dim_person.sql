with
record_person as (
    select * from {{ ref('record_person') }}
),

persons as (
    select * from {{ ref('int_canonical__persons') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

person_accounts as (
    select * from {{ ref('int_identity__person_accounts') }}
),

records as (
    select
        record_person.person_id,
        persons.created_at,
        persons.may_email,
        emails.is_free_mail
    from record_person
    inner join persons
        on
            record_person.source_system = persons.source_system
            and record_person.record_type = persons.record_type
            and record_person.record_id = persons.record_id
    left join emails
        on persons.email = emails.email
),

final as (
    select
        records.person_id,
        person_accounts.account_id,
        min(records.created_at) as first_seen_at,
        count(*) as record_count,
        person_accounts.has_business_address,
        not person_accounts.has_business_address and coalesce(bool_or(records.is_free_mail), false) as is_free_mail,
        -- One opt-out in any tool counts everywhere.
        bool_and(records.may_email) as may_email
    from records
    inner join person_accounts
        on records.person_id = person_accounts.person_id
    group by records.person_id, person_accounts.account_id, person_accounts.has_business_address
)

select * from final

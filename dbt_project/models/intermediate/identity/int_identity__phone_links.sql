-- A telephone number joins nobody by itself: only together with a full name, or, a personal number, with the company.
with
persons as (
    select * from {{ ref('int_canonical__persons') }}
    where phone is not null
),

phones as (
    select * from {{ ref('int_identity__phones') }}
    where e164 is not null
),

person_names as (
    select * from {{ ref('int_identity__person_names') }}
),

company_names as (
    select * from {{ ref('int_identity__company_names') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

claims as (
    select
        persons.record_key as left_key,
        persons.phone as evidence,
        persons.source_file,
        persons.source_row_number,
        persons.created_at as first_seen_at,
        persons.updated_at as last_seen_at,
        phones.e164,
        phones.is_placeholder,
        person_names.full_name_key,
        person_names.name_key,
        company_names.company_key,
        emails.normalised_email,
        case when emails.is_business and not emails.is_role then emails.domain end as business_domain,
        -- Japan's mobile numbers (070, 080, 090) are one person's; others may be a switchboard's.
        {{ matches('phones.e164', "'^\\+81[789]0'") }} as is_personal
    from persons
    inner join phones
        on persons.phone = phones.phone
    left join person_names
        on persons.full_name = person_names.full_name
    left join company_names
        on persons.company_name = company_names.company_name
    left join emails
        on persons.email = emails.email
),

numbers as (
    select e164, count(distinct full_name_key) as names
    from claims
    group by e164
),

mailboxes_of_name as (
    select e164, full_name_key, max(mailboxes) as mailboxes
    from (
        select e164, full_name_key, business_domain, count(distinct normalised_email) as mailboxes
        from claims
        where business_domain is not null
        group by e164, full_name_key, business_domain
    ) as mailboxes_of_domain
    group by e164, full_name_key
),

names_of_company as (
    select e164, company_key, count(distinct name_key) as names, count(distinct normalised_email) as mailboxes
    from claims
    group by e164, company_key
),

with_name as (
    select
        claims.*,
        'phone_and_name|' || claims.e164 || '|' || claims.full_name_key as right_key,
        'phone_and_name' as rule,
        case
            when claims.is_placeholder then 'placeholder number'
            when numbers.names > {{ identity_limit('phone', 'person_name') }} then 'number of many names: a switchboard or made up'
            when mailboxes_of_name.mailboxes > {{ identity_limit('phone_and_name', 'mailbox_of_one_domain') }}
                then 'two mailboxes of one company: two people of one name'
        end as refused_reason
    from claims
    inner join numbers
        on claims.e164 = numbers.e164
    left join mailboxes_of_name
        on claims.e164 = mailboxes_of_name.e164 and claims.full_name_key = mailboxes_of_name.full_name_key
    where claims.full_name_key is not null
),

with_company as (
    select
        claims.*,
        'phone_and_company|' || claims.e164 || '|' || claims.company_key as right_key,
        'phone_and_company' as rule,
        case
            when claims.is_placeholder then 'placeholder number'
            when names_of_company.names > 1 or names_of_company.mailboxes > 1 then 'number of several people of the company'
        end as refused_reason
    from claims
    inner join names_of_company
        on claims.e164 = names_of_company.e164 and claims.company_key = names_of_company.company_key
    where claims.is_personal
),

final as (
    select
        left_key,
        right_key,
        rule,
        evidence,
        source_file,
        source_row_number,
        first_seen_at,
        last_seen_at,
        refused_reason
    from with_name

    union all

    select
        left_key,
        right_key,
        rule,
        evidence,
        source_file,
        source_row_number,
        first_seen_at,
        last_seen_at,
        refused_reason
    from with_company
)

select * from final

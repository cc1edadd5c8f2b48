-- The account that each person's record names by itself, and by what.
with
canonical_persons as (
    select * from {{ ref('int_canonical__persons') }}
),

persons as (
    select * from {{ ref('int_identity__persons') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

company_names as (
    select * from {{ ref('int_identity__company_names') }}
),

account_records as (
    select * from {{ ref('int_identity__account_records') }}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

named as (
    select
        canonical_persons.record_key,
        persons.person_id,
        canonical_persons.created_at,
        company_names.company_key,
        emails.registrable_domain,
        by_domain.account_id as domain_account_id,
        by_record.account_id as crm_account_id,
        account_records.registrable_domain as crm_domain
    from canonical_persons
    inner join persons
        on canonical_persons.record_key = persons.record_key
    left join emails
        on canonical_persons.email = emails.email and emails.is_business
    left join accounts as by_domain
        on 'domain|' || emails.registrable_domain = by_domain.node_key
    left join accounts as by_record
        on canonical_persons.account_record_key = by_record.node_key
    left join account_records
        on canonical_persons.account_record_key = account_records.record_key
    left join company_names
        on canonical_persons.company_name = company_names.company_name
),

-- Of several companies that share a mail domain, the tool knows which one employs the person.
employers as (
    select
        person_id,
        registrable_domain,
        arg_min(crm_account_id, (created_at is null, created_at, record_key)) as account_id
    from named
    where domain_account_id is not null and crm_domain = registrable_domain
    group by person_id, registrable_domain
),

-- Who is called so: by the accounts' own records, and by people who write from the company's domain.
called as (
    select account_records.company_key, accounts.account_id
    from account_records
    inner join accounts
        on account_records.record_key = accounts.node_key
    union all
    select company_key, domain_account_id as account_id
    from named
    where domain_account_id is not null
),

unambiguous_names as (
    select company_key, min(account_id) as account_id
    from called
    group by company_key
    having count(distinct account_id) = 1
),

final as (
    select
        named.record_key,
        named.person_id,
        named.created_at,
        case
            when named.domain_account_id is null then coalesce(named.crm_account_id, unambiguous_names.account_id)
            when named.crm_domain = named.registrable_domain then named.crm_account_id
            -- Records that know no more than the address follow those that know the employer.
            else coalesce(employers.account_id, named.domain_account_id)
        end as account_id,
        case
            when named.domain_account_id is not null then 'domain'
            when named.crm_account_id is not null then 'crm_account'
            when unambiguous_names.account_id is not null then 'company_name'
        end as evidence
    from named
    left join employers
        on named.person_id = employers.person_id and named.registrable_domain = employers.registrable_domain
    left join unambiguous_names
        on named.company_key = unambiguous_names.company_key
)

select * from final

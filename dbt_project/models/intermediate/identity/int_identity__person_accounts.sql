-- The account of each person: that of the oldest record with a business address, else of the oldest with a CRM account.
with
persons as (
    select * from {{ ref('int_identity__persons') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

candidates as (
    select
        persons.person_id,
        persons.record_key,
        persons.created_at,
        by_domain.account_id as domain_account_id,
        by_record.account_id as record_account_id
    from persons
    left join emails
        on persons.email = emails.email and emails.is_business
    left join accounts as by_domain
        on 'domain|' || emails.registrable_domain = by_domain.node_key
    left join accounts as by_record
        on persons.account_record_key = by_record.node_key
),

final as (
    select
        person_id,
        coalesce(
            arg_min(domain_account_id, (created_at, record_key)) filter (where domain_account_id is not null),
            arg_min(record_account_id, (created_at, record_key)) filter (where record_account_id is not null)
        ) as account_id,
        bool_or(domain_account_id is not null) as has_business_address
    from candidates
    group by person_id
)

select * from final

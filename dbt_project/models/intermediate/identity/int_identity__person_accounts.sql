-- The account of each person today, and whether any address of the person is a business one.
with
record_accounts as (
    select * from {{ ref('int_identity__record_accounts') }}
),

relations as (
    select * from {{ ref('int_identity__account_relations') }}
    where is_current
),

addressed as (
    select person_id, bool_or(coalesce(evidence = 'domain', false)) as has_business_address
    from record_accounts
    group by person_id
),

final as (
    select
        addressed.person_id,
        relations.account_id,
        addressed.has_business_address
    from addressed
    left join relations
        on addressed.person_id = relations.person_id
)

select * from final

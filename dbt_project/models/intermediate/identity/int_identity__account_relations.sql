-- Which accounts a person belonged to, and when: from the dates of the person's records.
with
record_accounts as (
    select * from {{ ref('int_identity__record_accounts') }}
    where account_id is not null
),

graded as (
    select
        *,
        case evidence when 'domain' then 1 when 'crm_account' then 2 else 3 end as weakness
    from record_accounts
),

-- Later evidence counts unless stronger evidence came before: a free-mail address typed later ends no employment.
counted as (
    select *
    from graded
    qualify
        weakness <= coalesce(
            min(weakness) over (
                partition by person_id
                order by created_at asc nulls first, weakness asc, record_key asc
                rows between unbounded preceding and 1 preceding
            ),
            weakness
        )
),

-- An old address that turns up again in another tool is no return to the old employer: the first sight dates it.
relations as (
    select
        person_id,
        account_id,
        arg_min(evidence, weakness) as evidence,
        min(created_at) as valid_from,
        min(weakness) as weakness,
        min(record_key) as record_key
    from counted
    group by person_id, account_id
    qualify row_number() over (partition by person_id, min(created_at) order by min(weakness), min(record_key)) = 1
),

final as (
    select
        person_id,
        account_id,
        evidence,
        valid_from,
        lead(valid_from) over (partition by person_id order by valid_from asc nulls first) as valid_to,
        lead(account_id) over (partition by person_id order by valid_from asc nulls first) is null as is_current
    from relations
)

select * from final

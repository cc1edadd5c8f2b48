-- No active link ties two accounts, and a person belongs to one account at a time.
{{ config(tags=['identity_gate']) }}

with
links as (
    select * from {{ ref('int_identity__account_links') }}
    where is_active
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

person_accounts as (
    select * from {{ ref('person_accounts') }}
),

final as (
    select 'link between accounts' as problem, links.left_key as found
    from links
    left join accounts as left_accounts
        on links.left_key = left_accounts.node_key
    left join accounts as right_accounts
        on links.right_key = right_accounts.node_key
    where left_accounts.account_id is distinct from right_accounts.account_id

    union all

    select 'several accounts at a time' as problem, person_id as found
    from person_accounts
    where valid_to is null
    group by person_id
    having count(*) > 1

    union all

    select 'not current and not ended' as problem, person_id as found
    from person_accounts
    where is_current <> (valid_to is null)
)

select * from final

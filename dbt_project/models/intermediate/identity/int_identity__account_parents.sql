-- Parent and head of each account's group.
with recursive
canonical_accounts as (
    select * from {{ ref('int_canonical__accounts') }}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

-- Tools may name different parents: the least record decides, so that an account has one.
parents as (
    select
        children.account_id,
        arg_min(parents.account_id, canonical_accounts.record_key) as parent_account_id
    from canonical_accounts
    inner join accounts as children
        on canonical_accounts.record_key = children.node_key
    inner join accounts as parents
        on canonical_accounts.parent_record_key = parents.node_key
    where children.account_id <> parents.account_id
    group by children.account_id
),

-- Ends on circles too: a pair is found once.
ancestry as (
    select account_id, parent_account_id as ancestor_id from parents
    union
    select ancestry.account_id, parents.parent_account_id as ancestor_id
    from ancestry
    inner join parents
        on ancestry.ancestor_id = parents.account_id
),

-- The head has no parent; of a circle, the least member stands for it.
final as (
    select
        ancestry.account_id,
        min(parents.parent_account_id) as parent_account_id,
        coalesce(
            min(ancestry.ancestor_id) filter (where further.account_id is null),
            min(ancestry.ancestor_id)
        ) as ultimate_parent_account_id
    from ancestry
    inner join parents
        on ancestry.account_id = parents.account_id
    left join parents as further
        on ancestry.ancestor_id = further.account_id
    group by ancestry.account_id
)

select * from final

-- Account records with what identifies them, and their place in the hierarchy that their tool keeps.
with recursive
accounts as (
    select * from {{ ref('int_canonical__accounts') }}
),

addresses as (
    select * from {{ ref('int_identity__addresses') }}
),

corporate_numbers as (
    select * from {{ ref('int_identity__corporate_numbers') }}
),

company_names as (
    select * from {{ ref('int_identity__company_names') }}
),

-- Ends on circles too: a pair is found once.
ancestry as (
    select record_key, parent_record_key as ancestor_key
    from accounts
    where parent_record_key is not null
    union
    select ancestry.record_key, accounts.parent_record_key as ancestor_key
    from ancestry
    inner join accounts
        on ancestry.ancestor_key = accounts.record_key
    where accounts.parent_record_key is not null
),

-- The head of a group has no parent; of a circle, the least member stands for it.
heads as (
    select
        ancestry.record_key,
        count(*) as depth,
        coalesce(
            min(ancestry.ancestor_key) filter (where accounts.parent_record_key is null),
            min(ancestry.ancestor_key)
        ) as group_key
    from ancestry
    left join accounts
        on ancestry.ancestor_key = accounts.record_key
    group by ancestry.record_key
),

final as (
    select
        accounts.record_key,
        accounts.source_system,
        accounts.record_id,
        accounts.domain,
        addresses.registrable_domain,
        corporate_numbers.valid_number,
        accounts.account_name,
        company_names.company_key,
        coalesce(heads.group_key, accounts.record_key) as group_key,
        coalesce(heads.depth, 0) as depth,
        accounts.source_file,
        accounts.source_row_number,
        accounts.created_at,
        accounts.updated_at
    from accounts
    left join addresses
        on accounts.domain = addresses.address
    left join corporate_numbers
        on accounts.corporate_number = corporate_numbers.corporate_number
    left join company_names
        on accounts.account_name = company_names.company_name
    left join heads
        on accounts.record_key = heads.record_key
)

select * from final

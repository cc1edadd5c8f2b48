with
persons as (
    select * from {{ ref('int_identity__persons') }}
),

browser_owners as (
    select * from {{ ref('int_identity__browser_owners') }}
),

person_accounts as (
    select * from {{ ref('int_identity__person_accounts') }}
),

records as (
    select source_system, record_type, record_id, person_id
    from persons

    union all

    -- Whose browser it is now; identity.browser_owners tells whose it was before.
    select source_system, 'anonymous_id' as record_type, anonymous_id as record_id, person_id
    from browser_owners
    where valid_to is null
),

final as (
    select
        records.source_system,
        records.record_type,
        records.record_id,
        records.person_id,
        person_accounts.account_id
    from records
    left join person_accounts
        on records.person_id = person_accounts.person_id
)

select * from final

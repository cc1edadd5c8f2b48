with
owners as (
    select * from {{ ref('int_canonical__owners') }}
),

leads as (
    select * from {{ ref('int_canonical__leads') }}
),

opportunities as (
    select * from {{ ref('int_canonical__opportunities') }}
),

activities as (
    select * from {{ ref('int_canonical__activities') }}
),

-- Owners that only records name (a queue, a colleague who left).
seen as (
    select owner_id from owners
    union
    select owner_id from leads
    union
    select owner_id from opportunities
    union
    select owner_id from activities
),

final as (
    select
        seen.owner_id,
        coalesce(owners.owner_name, seen.owner_id) as owner_name,
        owners.team,
        owners.region,
        owners.daily_capacity
    from seen
    left join owners
        on seen.owner_id = owners.owner_id
    where seen.owner_id is not null
)

select * from final

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

listing_sources as (
    select distinct source_system
    from owners
),

final as (
    select
        seen.owner_id,
        coalesce(owners.owner_name, seen.owner_id) as owner_name,
        owners.team,
        owners.region,
        owners.daily_capacity,
        case
            when not owners.is_active then 'inactive'
            when owners.owner_id is null and listing_sources.source_system is not null then 'unknown'
            else 'active'
        end as owner_state
    from seen
    left join owners
        on seen.owner_id = owners.owner_id
    left join listing_sources
        on split_part(seen.owner_id, ':', 1) = listing_sources.source_system
    where seen.owner_id is not null
)

select * from final

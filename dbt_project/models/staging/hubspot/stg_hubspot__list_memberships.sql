with
source as (
    select * from {{ source('raw', 'hubspot__list_memberships') }}
),

latest as (
    {{ latest_version('source', key=['listId', 'recordId']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        listId as list_id,
        recordId as contact_id,

        -- times
        membershipTimestamp as joined_at
    from latest
)

select * from final

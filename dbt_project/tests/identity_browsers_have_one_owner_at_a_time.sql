{{ config(tags=['identity_gate']) }}

with
owners as (
    select
        *,
        lead(valid_from) over browser as next_from,
        row_number() over browser as turn,
        count(*) over (partition by source_system, anonymous_id) as turns
    from {{ ref('browser_owners') }}
    window browser as (
        partition by source_system, anonymous_id
        order by valid_from asc nulls first
    )
),

final as (
    select
        source_system,
        valid_from,
        valid_to
    from owners
    where
        valid_to is distinct from next_from
        or (valid_from is null) <> (turn = 1)
        or (valid_to is null) <> (turn = turns)
)

select * from final

-- The person of each record, cookies apart.
with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

components as (
    select * from {{ ref('int_identity__components') }}
),

records as (
    select
        persons.*,
        -- A record that nothing links is a person of its own.
        coalesce(cast(components.component as varchar), persons.record_key) as component
    from persons
    left join components
        on persons.record_key = components.node_key
),

-- The oldest record names the person: content alone decides, not the order in which records arrived.
named as (
    select
        *,
        first_value(record_key) over (
            partition by component
            order by created_at asc nulls last, record_key asc
            rows between unbounded preceding and unbounded following
        ) as oldest_record_key
    from records
),

final as (
    select
        record_key,
        source_system,
        record_type,
        record_id,
        email,
        account_record_key,
        created_at,
        {{ pseudonym(['oldest_record_key']) }} as person_id
    from named
)

select * from final

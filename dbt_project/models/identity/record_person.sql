-- depends_on: {{ ref('person_changes') }}
-- The changes are found by comparing with the last run's record_person, so they are written before it is replaced.
with
record_person as (
    select * from {{ ref('int_identity__record_person') }}
),

final as (
    select
        source_system,
        record_type,
        record_id,
        person_id,
        account_id
    from record_person
)

select * from final

{{ config(materialized='view') }}
-- Who each record was taken for, and when: join facts by record at a moment to read them as they were known then.
with
changes as (
    select * from {{ ref('person_changes') }}
),

-- A night that was run again tells once more; what it told last counts.
told as (
    select * from changes
    qualify row_number() over (partition by record_key, changed_at order by change_number desc) = 1
),

final as (
    select
        record_key,
        new_person_id as person_id,
        changed_at as known_from,
        lead(changed_at) over (partition by record_key order by changed_at) as known_to
    from told
)

select * from final

{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
    )
}}

{#- The mapping of the run before; on the very first run there is none, and everybody is new. -#}
{%- set previous = adapter.get_relation(database=target.database, schema='identity', identifier='record_person') %}

with
current_records as (
    select * from {{ ref('int_identity__record_person') }}
),

previous_records as (
    select * from {{ previous or 'current_records' }}
    where {{ previous is not none }}
),

-- How the records of an old person are spread over the new ones.
moves as (
    select distinct
        previous_records.person_id as old_person_id,
        current_records.person_id as new_person_id
    from previous_records
    inner join current_records
        on
            previous_records.source_system = current_records.source_system
            and previous_records.record_type = current_records.record_type
            and previous_records.record_id = current_records.record_id
),

counted as (
    select
        *,
        count(*) over (partition by old_person_id) as successors,
        count(*) over (partition by new_person_id) as predecessors
    from moves
),

changes as (
    select
        'created' as change,
        cast(null as varchar) as old_person_id,
        person_id as new_person_id,
        'none of its records was known before' as reason
    from current_records
    where person_id not in (select new_person_id from moves)
    group by person_id

    union all

    select
        case
            when successors > 1 then 'split'
            when predecessors > 1 then 'merged'
            else 'moved'
        end as change,
        old_person_id,
        new_person_id,
        case
            when successors > 1 then 'its records no longer belong together'
            when predecessors > 1 then 'a new link joins persons that were apart'
            else 'an older record now names the person'
        end as reason
    from counted
    where old_person_id <> new_person_id
),

final as (
    select
        {{ as_of() }} as changed_at,
        change,
        old_person_id,
        new_person_id,
        reason
    from changes
    {% if is_incremental() %}
    -- A retried step must not tell a change twice.
    where not exists (
        select 1 from {{ this }} as told
        where
            told.changed_at = {{ as_of() }}
            and told.change = changes.change
            and told.old_person_id is not distinct from changes.old_person_id
            and told.new_person_id is not distinct from changes.new_person_id
    )
    {% endif %}
)

select * from final

{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
    )
}}
-- Append-only, in the order of as_of: a run for an earlier moment than the last told one tells nothing.
with
records as (
    select * from {{ ref('int_identity__touched_records') }}
),

membership as (
    select * from {{ ref('int_identity__membership') }}
),

changed as (
    select
        records.record_key,
        records.previous_person_id as old_person_id,
        membership.person_id as new_person_id
    from records
    left join membership
        on records.record_key = membership.record_key
    where records.previous_person_id is distinct from membership.person_id
),

known_before as (
    select distinct previous_person_id as person_id from records
    where previous_person_id is not null
),

living as (
    select distinct person_id from membership
    where person_id in (select old_person_id from changed)
),

final as (
    select
        {{ as_of() }} as changed_at,
        {% if is_incremental() -%}
        (
            select coalesce(max(change_number), 0) + 1 from {{ this }}
            where changed_at = {{ as_of() }}
        ) as change_number,
        {%- else -%}
        1 as change_number,
        {%- endif %}
        case
            when changed.old_person_id is null then 'created'
            when changed.new_person_id is null then 'erased'
            when living.person_id is null then 'merged'
            when known_before.person_id is null then 'split'
            else 'moved'
        end as change,
        changed.record_key,
        changed.old_person_id,
        changed.new_person_id,
        case
            when changed.old_person_id is null and known_before.person_id is null then 'first record of the person'
            when changed.old_person_id is null then 'new record of a known person'
            when changed.new_person_id is null then 'no source holds the record any more'
            when living.person_id is null then 'links join two persons; the one with most records gives its id'
            when known_before.person_id is null then 'links that held the person together are gone'
            else 'links now lead to another known person'
        end as reason
    from changed
    left join living
        on changed.old_person_id = living.person_id
    left join known_before
        on changed.new_person_id = known_before.person_id
    {% if is_incremental() -%}
    where {{ as_of() }} >= (select coalesce(max(changed_at), {{ as_of() }}) from {{ this }})
    {%- endif %}
)

select * from final

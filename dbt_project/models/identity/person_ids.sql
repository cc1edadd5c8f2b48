{{ config(materialized='view') }}
-- Every id that a person ever had, and the person who has most of its last records now.
with
changes as (
    select * from {{ ref('person_changes') }}
),

membership as (
    select * from {{ ref('int_identity__membership') }}
),

living as (
    select distinct person_id from membership
),

departures as (
    select
        changes.old_person_id as person_id,
        changes.record_key,
        changes.changed_at,
        max(changes.changed_at) over (partition by changes.old_person_id) as left_at
    from changes
    left join living
        on changes.old_person_id = living.person_id
    where changes.old_person_id is not null and living.person_id is null
),

successors as (
    select
        departures.person_id,
        membership.person_id as current_person_id,
        count(*) as records
    from departures
    inner join membership
        on departures.record_key = membership.record_key
    where departures.changed_at = departures.left_at
    group by departures.person_id, membership.person_id
),

former as (
    select
        departures.person_id,
        arg_max(successors.current_person_id, (successors.records, successors.current_person_id)) as current_person_id
    from (select distinct person_id from departures) as departures
    left join successors
        on departures.person_id = successors.person_id
    group by departures.person_id
),

final as (
    select person_id, person_id as current_person_id from living
    union all
    select person_id, current_person_id from former
)

select * from final

{{ config(materialized='view') }}
-- Every id that a person ever had, and the person who has most of its last records now.
with recursive
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
        changes.new_person_id,
        changes.record_key,
        changes.changed_at,
        max(changes.changed_at) over (partition by changes.old_person_id) as left_at
    from changes
    left join living
        on changes.old_person_id = living.person_id
    where changes.old_person_id is not null and living.person_id is null
),

last_departures as (
    select
        departures.person_id,
        -- Where the record is now; where it is gone, where it went first.
        coalesce(membership.person_id, departures.new_person_id) as next_person_id,
        membership.person_id is not null as is_living
    from departures
    left join membership
        on departures.record_key = membership.record_key
    where departures.changed_at = departures.left_at
),

counted as (
    select
        person_id,
        next_person_id,
        count(*) filter (where is_living) as living_records,
        count(*) as records
    from last_departures
    where next_person_id is not null
    group by person_id, next_person_id
),

successors as (
    select
        person_id,
        arg_max(next_person_id, (living_records, records, next_person_id)) as next_person_id
    from counted
    group by person_id
),

-- A person's successor may itself have gone up in another since.
followed as (
    select
        person_id,
        next_person_id
    from successors

    union

    select
        followed.person_id,
        successors.next_person_id
    from followed
    inner join successors
        on followed.next_person_id = successors.person_id
),

-- A run for a past moment knows no departure of the persons who came later: they stand for nobody then.
used as (
    select old_person_id as person_id from changes
    union
    select new_person_id as person_id from changes
),

former as (
    select
        used.person_id,
        max(followed_to.person_id) as current_person_id
    from used
    left join living
        on used.person_id = living.person_id
    left join followed
        on used.person_id = followed.person_id
    left join living as followed_to
        on followed.next_person_id = followed_to.person_id
    where used.person_id is not null and living.person_id is null
    group by used.person_id
),

final as (
    select person_id, person_id as current_person_id from living
    union all
    select person_id, current_person_id from former
)

select * from final

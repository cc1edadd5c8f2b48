with
behaviour as (
    select * from {{ ref('int_scoring__behaviour') }}
),

rules as (
    select * from {{ ref('scoring_rules') }}
    where kind = 'behaviour'
),

journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

-- What a person does counts from then on, and no more once it is too old.
changes as (
    select
        behaviour.person_id,
        behaviour.rule_id,
        behaviour.occurred_at as changed_at,
        behaviour.times
    from behaviour
    union all
    select
        behaviour.person_id,
        behaviour.rule_id,
        {{ dbt.dateadd('day', 'rules.valid_days', 'behaviour.occurred_at') }} as changed_at,
        -behaviour.times as times
    from behaviour
    inner join rules on behaviour.rule_id = rules.rule_id
),

summed as (
    select
        person_id,
        rule_id,
        changed_at,
        sum(times) as times
    from changes
    where changed_at < {{ as_of() }}
    group by person_id, rule_id, changed_at
),

counted as (
    select
        *,
        sum(times) over (partition by person_id, rule_id order by changed_at) as valid_times
    from summed
),

scored as (
    select
        counted.person_id,
        counted.rule_id,
        counted.changed_at,
        least(counted.valid_times, rules.at_most) * rules.points as points
    from counted
    inner join rules on counted.rule_id = rules.rule_id
),

steps as (
    select
        person_id,
        changed_at,
        points - coalesce(lag(points) over (partition by person_id, rule_id order by changed_at), 0) as step
    from scored
    union all
    -- Everybody begins without points.
    select distinct
        person_id,
        cast('1970-01-01' as timestamp) as changed_at,
        0 as step
    from journeys
),

stepped as (
    select
        person_id,
        changed_at,
        sum(step) as step
    from steps
    group by person_id, changed_at
),

final as (
    select
        person_id,
        changed_at as from_at,
        lead(changed_at) over person as to_at,
        cast(sum(step) over person as integer) as behaviour_score
    from stepped
    window person as (partition by person_id order by changed_at)
)

select * from final

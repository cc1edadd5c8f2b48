with
journeys as (
    select
        lead_id,
        person_id,
        coalesce(next_created_at, {{ as_of() }}) as scored_at
    from {{ ref('int_lifecycle__journeys') }}
),

fit_points as (
    select * from {{ ref('int_scoring__fit_points') }}
),

behaviour as (
    select * from {{ ref('int_scoring__behaviour') }}
),

rules as (
    select * from {{ ref('scoring_rules') }}
),

counted as (
    select
        lead_id,
        rule_id,
        1 as times,
        cast(null as timestamp) as last_at
    from fit_points
    union all
    select
        journeys.lead_id,
        behaviour.rule_id,
        sum(behaviour.times) as times,
        max(behaviour.occurred_at) as last_at
    from journeys
    inner join behaviour
        on
            journeys.person_id = behaviour.person_id
            and behaviour.occurred_at < journeys.scored_at
    inner join rules
        on
            behaviour.rule_id = rules.rule_id
            and {{ dbt.dateadd('day', 'rules.valid_days', 'behaviour.occurred_at') }} > journeys.scored_at
    group by journeys.lead_id, behaviour.rule_id
),

final as (
    select
        counted.lead_id,
        counted.rule_id,
        rules.kind,
        cast(counted.times as bigint) as times,
        cast(least(counted.times, coalesce(rules.at_most, 1)) * rules.points as integer) as points,
        counted.last_at,
        rules.label_en,
        rules.label_ja,
        rules.reason
    from counted
    inner join rules on counted.rule_id = rules.rule_id
)

select * from final

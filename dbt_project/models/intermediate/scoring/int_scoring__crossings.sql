with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

fit_scores as (
    select * from {{ ref('int_scoring__fit_scores') }}
),

spans as (
    select * from {{ ref('int_scoring__spans') }}
),

stage_definitions as (
    select * from {{ ref('stage_definitions') }}
),

hot_lead_rules as (
    select * from {{ ref('hot_lead_rules') }}
),

thresholds as (
    select
        case rule when 'behaviour_at_least' then 'behaviour' else 'score' end as kind,
        parameter as threshold
    from stage_definitions
    where rule in ('behaviour_at_least', 'score_at_least')
    union
    select
        kind,
        threshold
    from hot_lead_rules
    where kind = 'score'
),

-- What the person did before the journey counts as long as it is valid: anonymous visits raise the score early.
scored as (
    select
        journeys.lead_id,
        greatest(spans.from_at, journeys.created_at) as reached_at,
        spans.behaviour_score,
        spans.behaviour_score + fit_scores.fit_score as score
    from journeys
    inner join spans
        on
            journeys.person_id = spans.person_id
            and (spans.to_at is null or spans.to_at > journeys.created_at)
            and (journeys.next_created_at is null or spans.from_at < journeys.next_created_at)
    inner join fit_scores on journeys.lead_id = fit_scores.lead_id
),

final as (
    select
        scored.lead_id,
        thresholds.kind,
        thresholds.threshold,
        min(scored.reached_at) as crossed_at
    from scored
    inner join thresholds
        on case thresholds.kind when 'behaviour' then scored.behaviour_score else scored.score end >= thresholds.threshold
    group by scored.lead_id, thresholds.kind, thresholds.threshold
)

select * from final

with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

fit_points as (
    select * from {{ ref('int_scoring__fit_points') }}
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

fits as (
    select
        lead_id,
        sum(points) as fit_score
    from fit_points
    group by lead_id
),

-- What the person did before the journey counts as long as it is valid: anonymous visits raise the score early.
scored as (
    select
        journeys.lead_id,
        greatest(spans.from_at, journeys.created_at) as reached_at,
        spans.behaviour_score,
        spans.behaviour_score + coalesce(fits.fit_score, 0) as score
    from journeys
    inner join spans
        on
            journeys.person_id = spans.person_id
            and (spans.to_at is null or spans.to_at > journeys.created_at)
            and (journeys.next_created_at is null or spans.from_at < journeys.next_created_at)
    left join fits on journeys.lead_id = fits.lead_id
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

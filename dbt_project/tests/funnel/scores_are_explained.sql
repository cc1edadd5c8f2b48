-- The lines of a lead add up to its score, and the score over time ends where the lead's score stands.
with
scores as (
    select * from {{ ref('fct_lead_scores') }}
),

lines as (
    select
        lead_id,
        sum(points) as points
    from {{ ref('fct_lead_score_lines') }}
    group by lead_id
),

spans as (
    select * from {{ ref('int_scoring__spans') }}
)

select
    scores.lead_id,
    scores.score,
    lines.points,
    spans.behaviour_score
from scores
left join lines on scores.lead_id = lines.lead_id
left join spans
    on
        scores.person_id = spans.person_id
        and scores.scored_at > spans.from_at
        and (spans.to_at is null or scores.scored_at <= spans.to_at)
where
    scores.score != coalesce(lines.points, 0)
    or scores.behaviour_score is distinct from spans.behaviour_score

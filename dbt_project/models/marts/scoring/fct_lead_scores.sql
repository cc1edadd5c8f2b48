with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

lines as (
    select * from {{ ref('fct_lead_score_lines') }}
),

summed as (
    select
        lead_id,
        sum(points) filter (where kind = 'fit') as fit_score,
        sum(points) filter (where kind = 'behaviour') as behaviour_score,
        count(*) as line_count
    from lines
    group by lead_id
),

final as (
    select
        journeys.lead_id,
        journeys.person_id,
        coalesce(journeys.next_created_at, {{ as_of() }}) as scored_at,
        cast(coalesce(summed.fit_score, 0) as integer) as fit_score,
        cast(coalesce(summed.behaviour_score, 0) as integer) as behaviour_score,
        cast(coalesce(summed.fit_score, 0) + coalesce(summed.behaviour_score, 0) as integer) as score,
        coalesce(summed.line_count, 0) as line_count
    from journeys
    left join summed on journeys.lead_id = summed.lead_id
)

select * from final

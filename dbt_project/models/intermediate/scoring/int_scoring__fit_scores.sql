with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

fit_points as (
    select * from {{ ref('int_scoring__fit_points') }}
),

final as (
    select
        journeys.lead_id,
        cast(coalesce(sum(fit_points.points), 0) as integer) as fit_score
    from journeys
    left join fit_points on journeys.lead_id = fit_points.lead_id
    group by journeys.lead_id
)

select * from final

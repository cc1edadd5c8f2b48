with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

stage_times as (
    select * from {{ ref('int_lifecycle__stage_times') }}
),

judged as (
    select
        lead_id,
        max(definition_version) as definition_version,
        min(case when stage in ('won', 'lost') then reached_at end) as result_at
    from stage_times
    group by lead_id
),

final as (
    select
        journeys.lead_id,
        journeys.person_id,
        judged.definition_version,
        journeys.created_at,
        -- A result recorded before the beginning (clock skew) ends the journey at once.
        case
            when judged.result_at is not null or journeys.next_created_at is not null
                then greatest(journeys.created_at, least(judged.result_at, journeys.next_created_at))
        end as ended_at
    from journeys
    left join judged on journeys.lead_id = judged.lead_id
)

select * from final

with
activities as (
    select * from {{ ref('int_canonical__activities') }}
    where activity_type = 'call' and is_completed
),

events as (
    select * from {{ ref('fct_events') }}
    where event_name = 'call'
),

final as (
    select
        activities.activity_id as call_id,
        activities.source_system,
        events.person_id,
        events.account_id,
        activities.owner_id,
        activities.occurred_at,
        {{ business_day('activities.occurred_at') }} as occurred_on,
        activities.result,
        activities.duration_seconds
    from activities
    left join events
        on activities.activity_id = events.event_id
)

select * from final

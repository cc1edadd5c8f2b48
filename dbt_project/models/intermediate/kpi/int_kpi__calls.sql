with
calls as (
    select * from {{ ref('fct_calls') }}
),

final as (
    select
        {{ business_day('occurred_at') }} as date_on,
        campaign_id,
        owner_id,
        count(*) as calls,
        count(*) filter (where is_connected) as calls_connected,
        count(*) filter (where is_meeting_agreed) as calls_with_meeting,
        coalesce(sum(duration_seconds) filter (where is_connected), 0) / 60.0 as talk_minutes
    from calls
    group by all
)

select * from final

with
activities as (
    select * from {{ ref('int_canonical__activities') }}
    where activity_type = 'call' and is_completed
),

events as (
    select * from {{ ref('fct_events') }}
    where event_name = 'call'
),

call_results as (
    select * from {{ ref('call_results') }}
),

call_list_members as (
    select * from {{ ref('fct_call_list_members') }}
),

calls as (
    select
        activities.*,
        events.person_id,
        events.account_id
    from activities
    left join events
        on activities.activity_id = events.event_id
),

-- The CRM does not say for which list a call was made: it is the one that the person was put on last before it.
lists as (
    select
        calls.activity_id,
        max_by(call_list_members.campaign_id, (call_list_members.listed_at, call_list_members.campaign_id)) as campaign_id
    from calls
    inner join call_list_members
        on
            calls.person_id = call_list_members.person_id
            and calls.occurred_at >= call_list_members.listed_at
    group by calls.activity_id
),

final as (
    select
        calls.activity_id as call_id,
        calls.source_system,
        calls.person_id,
        calls.account_id,
        calls.owner_id,
        lists.campaign_id,
        calls.occurred_at,
        {{ business_day('calls.occurred_at') }} as occurred_on,
        calls.result,
        calls.duration_seconds,
        coalesce(call_results.is_connected, false) as is_connected,
        coalesce(call_results.is_meeting_agreed, false) as is_meeting_agreed
    from calls
    left join lists
        on calls.activity_id = lists.activity_id
    left join call_results
        on call_results.result = {{ as_code('calls.result') }}
)

select * from final

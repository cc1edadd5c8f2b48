with
events as (
    select * from {{ ref('int_canonical__events') }}
    where not is_bot and (surface <> 'web' or anonymous_id is null)
),

hits as (
    select * from {{ ref('int_web__hits') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

record_person as (
    select
        *,
        {{ record_key('source_system', 'record_type', 'record_id') }} as record_key
    from {{ ref('record_person') }}
),

web_events as (
    select
        hits.event_id,
        hits.occurred_at,
        hits.event_name,
        hits.source_system,
        coalesce(record_person.person_id, sessions.person_id) as person_id,
        coalesce(record_person.account_id, sessions.account_id) as account_id,
        hits.session_id,
        -- A hit belongs to the traffic source of its session.
        sessions.channel,
        sessions.campaign_id,
        hits.content_id,
        hits.page_path,
        hits.value,
        hits.scroll_percent,
        hits.dwell_seconds
    from hits
    inner join sessions
        on hits.session_id = sessions.session_id
    left join record_person
        on hits.person_record_key = record_person.record_key
),

other_events as (
    select
        events.event_id,
        events.occurred_at,
        events.event_name,
        events.source_system,
        record_person.person_id,
        record_person.account_id,
        cast(null as varchar) as session_id,
        events.channel,
        events.campaign_id,
        events.content_id,
        events.page_path,
        events.value,
        events.scroll_percent,
        events.dwell_seconds
    from events
    left join record_person
        on events.person_record_key = record_person.record_key
),

final as (
    select * from web_events
    union all
    select * from other_events
)

select * from final

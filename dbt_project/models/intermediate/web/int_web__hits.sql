-- Web hits cut into sessions: a gap of more than the timeout between two hits of a browser begins a new session.
with
events as (
    select * from {{ ref('int_canonical__events') }}
    where surface = 'web' and anonymous_id is not null and not is_bot
),

gaps as (
    select
        *,
        coalesce(
            occurred_at - lag(occurred_at) over (
                partition by source_system, anonymous_id
                order by occurred_at asc, event_id asc
            ) > interval '{{ var("session_timeout_minutes") }} minutes',
            true
        ) as begins_session
    from events
),

numbered as (
    select
        *,
        max(case when begins_session then occurred_at end) over (
            partition by source_system, anonymous_id
            order by occurred_at asc, event_id asc
            rows between unbounded preceding and current row
        ) as session_started_at
    from gaps
),

final as (
    select
        event_id,
        source_system,
        anonymous_id,
        user_id,
        person_record_key,
        {{ surrogate_key(['source_system', 'anonymous_id', 'session_started_at']) }} as session_id,
        campaign_id,
        content_id,
        event_name,
        channel,
        page_path,
        url,
        properties,
        value,
        scroll_percent,
        dwell_seconds,
        occurred_at
    from numbered
)

select * from final

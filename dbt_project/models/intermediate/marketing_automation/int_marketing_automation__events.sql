-- Activities as canonical events; each mail event with the sending that it belongs to.
with
activities as (
    select * from {{ ref('int_marketing_automation__activities') }}
),

campaigns as (
    select * from {{ ref('int_canonical__campaigns') }}
),

-- These tools name the mail and the person, not the sending: an event belongs to the last sending before it.
messages as (
    select
        *,
        last_value(case when event_name = 'email_sent' then event_id end ignore nulls) over (
            partition by source_system, record_type, record_id, asset_id
            order by occurred_at, event_name <> 'email_sent', event_id
            rows between unbounded preceding and current row
        ) as message_event_id
    from activities
    where starts_with(event_name, 'email_')
),

bounced as (
    select distinct message_event_id
    from messages
    where event_name = 'email_bounced'
),

implied_deliveries as (
    select
        {{ surrogate_key(['messages.source_system', "'delivery'", 'messages.event_id']) }} as event_id,
        messages.source_system,
        messages.record_type,
        messages.record_id,
        messages.asset_id,
        messages.campaign_record_id,
        'email_delivered' as event_name,
        messages.is_bot,
        messages.message_event_id,
        messages.occurred_at
    from messages
    left join bounced
        on messages.message_event_id = bounced.message_event_id
    where
        messages.is_delivery_implied and messages.event_name = 'email_sent' and bounced.message_event_id is null
),

unioned as (
    select * from messages
    union all by name
    select * from implied_deliveries
    union all by name
    select * from activities
    where not starts_with(event_name, 'email_')
),

final as (
    select
        unioned.event_id,
        unioned.source_system,
        unioned.occurred_at,
        unioned.event_name,
        case
            when starts_with(unioned.event_name, 'email_') then 'email'
            when unioned.event_name = 'form_submit' then 'form'
            when starts_with(unioned.event_name, 'webinar_') then 'webinar'
            else 'other'
        end as surface,
        unioned.message_event_id,
        {{ record_key('unioned.source_system', 'unioned.record_type', 'unioned.record_id') }} as person_record_key,
        case
            when starts_with(unioned.event_name, 'email_') then 'email'
            when starts_with(unioned.event_name, 'webinar_') then 'event'
        end as channel,
        coalesce(
            unioned.utm_campaign,
            campaigns.campaign_id,
            unioned.source_system || ':' || unioned.campaign_record_id
        ) as campaign_id,
        coalesce(unioned.source_system || ':' || unioned.asset_id, {{ url_path('unioned.url') }}) as content_id,
        case when unioned.event_name = 'page_view' then {{ url_path('unioned.url') }} end as page_path,
        unioned.url,
        unioned.value,
        unioned.is_bot
    from unioned
    left join campaigns
        on
            unioned.source_system = campaigns.source_system
            and unioned.campaign_record_id = campaigns.record_id
)

select * from final

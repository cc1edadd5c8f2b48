with
events as (
    select * from {{ ref('int_canonical__events') }}
    where surface = 'email' and message_event_id is not null
),

record_person as (
    select
        *,
        {{ record_key('source_system', 'record_type', 'record_id') }} as record_key
    from {{ ref('record_person') }}
),

mails as (
    select * from {{ ref('int_canonical__mails') }}
),

-- Opens and clicks that the sender marks as a machine's do not count; what the mail server says does.
outcomes as (
    select
        message_event_id,
        min(occurred_at) filter (where event_name = 'email_delivered') as delivered_at,
        min(occurred_at) filter (where event_name = 'email_bounced') as bounced_at,
        min(occurred_at) filter (where event_name = 'email_opened' and not is_bot) as first_opened_at,
        count(*) filter (where event_name = 'email_opened' and not is_bot) as open_count,
        min(occurred_at) filter (where event_name = 'email_clicked' and not is_bot) as first_clicked_at,
        count(*) filter (where event_name = 'email_clicked' and not is_bot) as click_count,
        min(occurred_at) filter (where event_name = 'email_unsubscribed' and not is_bot) as unsubscribed_at
    from events
    group by message_event_id
),

messages as (
    select * from events
    where event_name = 'email_sent'
),

final as (
    select
        messages.event_id as message_id,
        messages.source_system,
        record_person.person_id,
        record_person.account_id,
        messages.campaign_id,
        messages.content_id,
        mails.subject,
        mails.sender_name,
        mails.list_id,
        messages.occurred_at as sent_at,
        {{ business_day('messages.occurred_at') }} as sent_on,
        outcomes.delivered_at,
        outcomes.bounced_at,
        outcomes.first_opened_at,
        outcomes.open_count,
        outcomes.first_clicked_at,
        outcomes.click_count,
        outcomes.unsubscribed_at
    from messages
    inner join outcomes
        on messages.message_event_id = outcomes.message_event_id
    left join mails
        on messages.content_id = mails.content_id
    left join record_person
        on messages.person_record_key = record_person.record_key
)

select * from final

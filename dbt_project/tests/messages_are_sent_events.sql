-- As many mails as SENT events, and no outcome without its mail.
with
sent_events as (
    select count(*) as mails
    from {{ ref('int_canonical__events') }}
    where event_name = 'email_sent'
),

messages as (
    select count(*) as mails
    from {{ ref('fct_email_messages') }}
),

final as (
    select
        sent_events.mails as sent_mails,
        messages.mails as fact_mails
    from sent_events
    cross join messages
    where sent_events.mails <> messages.mails
)

select * from final

with
mails as (
    select * from {{ ref('fct_email_messages') }}
),

events as (
    select * from {{ ref('fct_events') }}
    where event_name = 'form_submit' and person_id is not null
),

clicked_mails as (
    select
        message_id,
        person_id,
        first_clicked_at
    from mails
    where delivered_at is not null and first_clicked_at is not null
),

-- The person sent a form within 24 hours after the first click.
converted_mails as (
    select distinct clicked_mails.message_id
    from clicked_mails
    inner join events
        on
            clicked_mails.person_id = events.person_id
            and events.occurred_at >= clicked_mails.first_clicked_at
            and events.occurred_at < {{ dbt.dateadd('hour', 24, 'clicked_mails.first_clicked_at') }}
),

-- The broadcast of a mail is its first sending.
first_sends as (
    select
        message_id,
        row_number() over (partition by content_id order by sent_at, message_id) = 1 as is_broadcast
    from mails
    where content_id is not null
),

-- Opens, clicks and unsubscribes count of delivered mails only; a click shows that the mail was opened.
final as (
    select
        {{ business_day('mails.sent_at') }} as date_on,
        'email' as channel,
        mails.campaign_id,
        mails.content_id,
        count(*) as mails_sent,
        count(*) filter (where mails.bounced_at is null) as mails_not_bounced,
        count(*) filter (where mails.delivered_at is not null) as mails_delivered,
        count(*) filter (
            where
            mails.delivered_at is not null
            and (mails.first_opened_at is not null or mails.first_clicked_at is not null)
        ) as mails_opened,
        count(*) filter (where mails.delivered_at is not null and mails.first_clicked_at is not null) as mails_clicked,
        count(*) filter (where mails.delivered_at is not null and mails.unsubscribed_at is not null)
            as mails_unsubscribed,
        count(converted_mails.message_id) as mails_converted,
        count(*) filter (where first_sends.is_broadcast) as mail_broadcasts
    from mails
    left join converted_mails on mails.message_id = converted_mails.message_id
    left join first_sends on mails.message_id = first_sends.message_id
    group by all
)

select * from final

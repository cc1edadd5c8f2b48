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

-- Opens, clicks and unsubscribes count of delivered mails only; a click shows that the mail was opened.
final as (
    select
        mails.message_id,
        mails.person_id,
        mails.account_id,
        mails.campaign_id,
        mails.content_id,
        mails.subject,
        mails.sender_name,
        mails.list_id,
        mails.sent_at,
        mails.sent_on,
        mails.bounced_at is null as is_not_bounced,
        mails.delivered_at is not null as is_delivered,
        mails.delivered_at is not null and (mails.first_opened_at is not null or mails.first_clicked_at is not null)
            as is_opened,
        mails.delivered_at is not null and mails.first_clicked_at is not null as is_clicked,
        mails.delivered_at is not null and mails.unsubscribed_at is not null as is_unsubscribed,
        converted_mails.message_id is not null as is_converted
    from mails
    left join converted_mails on mails.message_id = converted_mails.message_id
)

select * from final

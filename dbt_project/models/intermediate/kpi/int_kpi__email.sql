with
mails as (
    select * from {{ ref('int_email__outcomes') }}
),

-- The broadcast of a mail is its first sending.
first_sends as (
    select
        message_id,
        row_number() over (partition by content_id order by sent_at, message_id) = 1 as is_broadcast
    from mails
    where content_id is not null
),

final as (
    select
        mails.sent_on as date_on,
        'email' as channel,
        mails.campaign_id,
        mails.content_id,
        count(*) as mails_sent,
        count(*) filter (where mails.is_not_bounced) as mails_not_bounced,
        count(*) filter (where mails.is_delivered) as mails_delivered,
        count(*) filter (where mails.is_opened) as mails_opened,
        count(*) filter (where mails.is_clicked) as mails_clicked,
        count(*) filter (where mails.is_unsubscribed) as mails_unsubscribed,
        count(*) filter (where mails.is_converted) as mails_converted,
        count(*) filter (where first_sends.is_broadcast) as mail_broadcasts
    from mails
    left join first_sends on mails.message_id = first_sends.message_id
    group by all
)

select * from final

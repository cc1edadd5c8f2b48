-- What each mail says: its subject, its sender and the list that it goes to.
with
hubspot_emails as (
    select * from {{ ref('stg_hubspot__marketing_emails') }}
    where email_campaign_id is not null
    -- Copies of a mail may share its campaign: the oldest speaks for it.
    qualify
        row_number() over (partition by source_system, email_campaign_id order by created_at, marketing_email_id) = 1
),

marketo_emails as (
    select * from {{ ref('stg_marketo__emails') }}
),

account_engagement_mails as (
    select * from {{ ref('stg_account_engagement__mails') }}
),

unioned as (
    select
        source_system || ':' || email_campaign_id as content_id,
        marketing_email_name as mail_name,
        subject,
        sender_name,
        source_system || ':' || list_id as list_id,
        created_at
    from hubspot_emails

    union all by name

    select
        source_system || ':email-' || email_id as content_id,
        email_name as mail_name,
        subject,
        sender_name,
        created_at
    from marketo_emails

    union all by name

    select
        source_system || ':' || mail_id as content_id,
        mail_name,
        subject,
        created_at
    from account_engagement_mails
),

final as (
    select
        content_id,
        mail_name,
        subject,
        sender_name,
        list_id,
        created_at
    from unioned
)

select * from final

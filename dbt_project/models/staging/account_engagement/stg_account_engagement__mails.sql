-- Mails to lists, and the templates that programs and automations send.
with
list_emails as (
    select
        *,
        'list_email-' || id as mail_id
    from {{ source('raw', 'account_engagement__list_emails') }}
),

email_templates as (
    select
        *,
        'email_template-' || id as mail_id
    from {{ source('raw', 'account_engagement__email_templates') }}
),

source as (
    select * from list_emails
    union all by name
    select * from email_templates
),

latest as (
    {{ latest_version('source', key=['mail_id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        mail_id,

        -- text
        {{ cleaned('name') }} as mail_name,
        subject,

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

with
hubspot_forms as (
    select * from {{ ref('stg_hubspot__forms') }}
),

hubspot_emails as (
    select * from {{ ref('stg_hubspot__marketing_emails') }}
),

webinars as (
    select * from {{ ref('int_canonical__seminars') }}
),

workflows as (
    select * from {{ ref('stg_hubspot__workflows') }}
),

known as (
    select source_system || ':' || form_id as content_id, form_name as content_name, 'form' as content_type, created_at
    from hubspot_forms
    union all
    select
        source_system || ':' || email_campaign_id as content_id,
        marketing_email_name as content_name,
        'email' as content_type,
        created_at
    from hubspot_emails
    union all
    select
        source_system || ':' || webinar_id as content_id,
        topic as content_name,
        'webinar' as content_type,
        null as created_at
    from webinars
    union all
    select
        source_system || ':workflow-' || workflow_id as content_id,
        workflow_name as content_name,
        'workflow' as content_type,
        created_at
    from workflows
),

final as (
    select
        content_id,
        max(content_name) as content_name,
        max(content_type) as content_type,
        min(created_at) as created_at
    from known
    where content_id is not null
    group by content_id
)

select * from final

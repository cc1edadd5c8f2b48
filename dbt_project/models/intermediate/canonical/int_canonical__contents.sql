with
hubspot_forms as (
    select * from {{ ref('stg_hubspot__forms') }}
),

collector_events as (
    select * from {{ ref('stg_collector__events') }}
    where starts_with(event_name, 'form_') and content_id is not null
),

collector_form_submissions as (
    select * from {{ ref('stg_collector__form_submissions') }}
),

marketo_forms as (
    select * from {{ ref('stg_marketo__forms') }}
),

tool_forms as (
    select * from {{ ref('int_canonical__form_contents') }}
),

marketo_programs as (
    select * from {{ ref('stg_marketo__programs') }}
    where program_type in ('nurture', 'engagement')
),

account_engagement_assets as (
    select * from {{ ref('stg_account_engagement__assets') }}
),

mails as (
    select * from {{ ref('int_canonical__mails') }}
),

webinars as (
    select * from {{ ref('int_canonical__seminars') }}
),

workflows as (
    select * from {{ ref('stg_hubspot__workflows') }}
),

-- Forms of the site's own; one that a tool made is the tool's.
site_forms as (
    select source_system, content_id as form_id
    from collector_events
    where content_id not in (select tool_forms.form_id from tool_forms)
    union
    select source_system, form_id
    from collector_form_submissions
    where form_id not in (select tool_forms.form_id from tool_forms)
),

known as (
    select source_system || ':' || form_id as content_id, form_name as content_name, 'form' as content_type, created_at
    from hubspot_forms
    union all
    select
        source_system || ':' || form_id as content_id,
        form_id as content_name,
        'form' as content_type,
        null as created_at
    from site_forms
    union all
    select
        source_system || ':form-' || form_id as content_id,
        form_name as content_name,
        'form' as content_type,
        created_at
    from marketo_forms
    union all
    select
        source_system || ':' || asset_id as content_id,
        asset_name as content_name,
        asset_type as content_type,
        created_at
    from account_engagement_assets
    union all
    select content_id, mail_name as content_name, 'email' as content_type, created_at
    from mails
    union all
    select
        source_system || ':program-' || program_id as content_id,
        program_name as content_name,
        'workflow' as content_type,
        created_at
    from marketo_programs
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

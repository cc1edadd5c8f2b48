with
hubspot_forms as (
    select * from {{ ref('stg_hubspot__forms') }}
),

hubspot_emails as (
    select * from {{ ref('stg_hubspot__marketing_emails') }}
),

webinars as (
    select * from {{ ref('stg_zoom_webinar__webinars') }}
),

leads as (
    select * from {{ ref('int_canonical__leads') }}
),

events as (
    select * from {{ ref('fct_events') }}
),

known as (
    select source_system || ':' || form_id as content_id, form_name as content_name, 'form' as content_type
    from hubspot_forms
    union all
    select source_system || ':' || email_campaign_id as content_id, marketing_email_name as content_name, 'email' as content_type
    from hubspot_emails
    union all
    select source_system || ':' || webinar_id as content_id, topic as content_name, 'webinar' as content_type
    from webinars
),

seen as (
    select content_id from known
    union
    select content_id from leads
    union
    select content_id from events
),

named as (
    select
        content_id,
        max(content_name) as content_name,
        max(content_type) as content_type
    from known
    group by content_id
),

final as (
    select
        seen.content_id,
        coalesce(named.content_name, seen.content_id) as content_name,
        coalesce(named.content_type, case when starts_with(seen.content_id, '/') then 'page' else 'other' end)
            as content_type
    from seen
    left join named
        on seen.content_id = named.content_id
    where seen.content_id is not null
)

select * from final

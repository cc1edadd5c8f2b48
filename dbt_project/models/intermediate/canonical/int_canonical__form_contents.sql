-- The site knows a form by the id that its tool gave it; Marketo's script names the element mktoForm_<id>.
with
hubspot_forms as (
    select * from {{ ref('stg_hubspot__forms') }}
),

marketo_forms as (
    select * from {{ ref('stg_marketo__forms') }}
),

named as (
    select
        form_id,
        source_system || ':' || form_id as content_id
    from hubspot_forms

    union all

    select
        'mktoForm_' || form_id as form_id,
        source_system || ':form-' || form_id as content_id
    from marketo_forms
),

final as (
    select
        form_id,
        min(content_id) as content_id
    from named
    group by form_id
)

select * from final

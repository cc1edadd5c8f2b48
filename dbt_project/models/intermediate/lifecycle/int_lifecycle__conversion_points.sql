with
conversion_points as (
    select * from {{ ref('conversion_points') }}
),

contents as (
    select * from {{ ref('int_canonical__contents') }}
),

campaigns as (
    select * from {{ ref('int_canonical__campaigns') }}
),

leads as (
    select * from {{ ref('int_canonical__leads') }}
),

-- Mails and pages bring people to a form, but none of them takes a lead.
content_texts as (
    select content_id as value, content_name as text
    from contents
    where content_type != 'email'
    union
    select content_id as value, content_id as text
    from leads
    where content_id is not null and content_id not in (select content_id from contents)
),

campaign_texts as (
    select campaign_id as value, concat_ws(' ', campaign_id, campaign_name) as text
    from campaigns
    union
    select campaign_id as value, campaign_id as text
    from leads
    where campaign_id is not null
),

-- Each text is held against the rules once, however many journeys share it.
texts as (
    select 'content' as attribute, value, text from content_texts
    union all
    select 'campaign' as attribute, value, text from campaign_texts
    union
    select 'channel' as attribute, channel as value, channel as text from leads
    where channel != 'unattributed'
    union
    select 'lead_kind' as attribute, lead_kind as value, lead_kind as text from leads
),

final as (
    select
        texts.attribute,
        texts.value,
        min(conversion_points.rule_order) as rule_order,
        min_by(conversion_points.conversion_point, conversion_points.rule_order) as conversion_point
    from texts
    inner join conversion_points
        on
            texts.attribute = conversion_points.attribute
            and {{ matches('lower(texts.text)', 'conversion_points.pattern') }}
    group by texts.attribute, texts.value
)

select * from final

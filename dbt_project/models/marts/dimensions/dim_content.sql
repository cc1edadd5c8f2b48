with
contents as (
    select * from {{ ref('int_canonical__contents') }}
),

conversion_points as (
    select * from {{ ref('int_lifecycle__conversion_points') }}
    where attribute = 'content'
),

leads as (
    select * from {{ ref('int_canonical__leads') }}
),

events as (
    select * from {{ ref('fct_events') }}
),

-- The site's own marks, which no tool lists.
marked as (
    select
        content_id,
        min(case event_name when 'file_download' then 'file' else 'cta' end) as content_type
    from events
    where event_name in ('cta_view', 'cta_click', 'file_download') and not starts_with(content_id, '/')
    group by content_id
),

seen as (
    select content_id from contents
    union
    select content_id from leads
    union
    select content_id from events
),

final as (
    select
        seen.content_id,
        coalesce(contents.content_name, seen.content_id) as content_name,
        coalesce(
            contents.content_type,
            marked.content_type,
            case when starts_with(seen.content_id, '/') then 'page' else 'other' end
        ) as content_type,
        coalesce(conversion_points.conversion_point, 'unattributed') as conversion_point,
        contents.created_at
    from seen
    left join contents
        on seen.content_id = contents.content_id
    left join marked
        on seen.content_id = marked.content_id
    left join conversion_points
        on seen.content_id = conversion_points.value
    where seen.content_id is not null
)

select * from final

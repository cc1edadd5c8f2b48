-- Which contents each definition counts. A pattern that is data is compiled for each comparison, so each is tried once.
with
subject_events as (
    select * from {{ ref('int_micro_conversion__subject_events') }}
),

contents as (
    select * from {{ ref('dim_content') }}
),

micro_conversions as (
    select * from {{ ref('micro_conversions') }}
),

final_conversions as (
    select * from {{ ref('final_conversions') }}
    where event_name is not null
),

definitions as (
    select
        'micro' as conversion_kind,
        mcv_id as conversion_id,
        event_name,
        content_type,
        content_pattern,
        conversion_point_pattern
    from micro_conversions
    union all
    select
        'final' as conversion_kind,
        final_conversion as conversion_id,
        event_name,
        content_type,
        content_pattern,
        conversion_point_pattern
    from final_conversions
),

seen as (
    select distinct
        event_name,
        content_id
    from subject_events
),

final as (
    select
        definitions.conversion_kind,
        definitions.conversion_id,
        seen.event_name,
        seen.content_id
    from seen
    left join contents
        on seen.content_id = contents.content_id
    inner join definitions
        on
            seen.event_name = definitions.event_name
            and coalesce(contents.content_type = definitions.content_type, definitions.content_type is null)
            and (
                definitions.content_pattern is null
                or {{ matches('contents.content_id', 'definitions.content_pattern') }}
                or {{ matches('contents.content_name', 'definitions.content_pattern') }}
            )
            and (
                definitions.conversion_point_pattern is null
                or {{ matches('contents.conversion_point', 'definitions.conversion_point_pattern') }}
            )
)

select * from final

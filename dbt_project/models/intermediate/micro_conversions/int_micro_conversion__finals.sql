{%- set stage_times = {'mql': 'mql_at', 'meeting': 'meeting_at', 'sql': 'sql_at', 'opportunity': 'opportunity_at', 'won': 'won_at'} -%}

with
subject_events as (
    select * from {{ ref('int_micro_conversion__subject_events') }}
),

matches as (
    select * from {{ ref('int_micro_conversion__matches') }}
    where conversion_kind = 'final'
),

final_conversions as (
    select * from {{ ref('final_conversions') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

converted as (
    select
        matches.conversion_id as final_conversion,
        subject_events.subject_id,
        subject_events.occurred_at
    from subject_events
    inner join matches
        on
            subject_events.event_name = matches.event_name
            and subject_events.content_id is not distinct from matches.content_id
    {% for stage, time in stage_times.items() %}
    union all

    select
        final_conversions.final_conversion,
        lifecycle.person_id as subject_id,
        lifecycle.{{ time }} as occurred_at
    from lifecycle
    inner join final_conversions
        on final_conversions.journey_stage = '{{ stage }}'
    where lifecycle.{{ time }} is not null
    {% endfor %}
),

final as (
    select
        final_conversion,
        subject_id,
        min(occurred_at) as converted_at
    from converted
    group by final_conversion, subject_id
)

select * from final

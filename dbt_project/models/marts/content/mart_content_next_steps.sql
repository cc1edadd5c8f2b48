{%- set next_stages = {
    'lead': 'mql', 'mql': 'sal', 'sal': 'sql', 'sql': 'opportunity', 'opportunity': 'won',
} -%}
{%- set outcome_ends_at = dbt.dateadd('day', var('content_outcome_days'), 'encounters.first_at') -%}

with
encounters as (
    select * from {{ ref('int_content__encounters') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

contents as (
    select * from {{ ref('dim_content') }}
),

-- The latest journey begun before; before any, the first one to come is the step ahead of a visitor.
begun as (
    select
        encounters.period_grain,
        encounters.period_start,
        encounters.content_id,
        encounters.subject_id,
        encounters.first_at,
        {{ outcome_ends_at }} as outcome_ends_at,
        arg_max(lifecycle.lead_id, (lifecycle.created_at, lifecycle.lead_id)) filter (
            where lifecycle.created_at <= encounters.first_at
        ) as lead_id,
        min(lifecycle.created_at) as first_journey_at
    from encounters
    left join lifecycle
        on encounters.subject_id = lifecycle.person_id
    group by all
),

staged as (
    select
        begun.period_grain,
        begun.period_start,
        begun.content_id,
        begun.outcome_ends_at,
        case
            when begun.lead_id is null then 'visitor'
            {%- for stage in next_stages.keys() | reverse if stage != 'lead' %}
            when lifecycle.{{ stage }}_at <= begun.first_at then '{{ stage }}'
            {%- endfor %}
            else 'lead'
        end as stage,
        case
            when begun.lead_id is null then begun.first_journey_at
            {%- for stage, next_stage in next_stages.items() | reverse if stage != 'lead' %}
            when lifecycle.{{ stage }}_at <= begun.first_at then lifecycle.{{ next_stage }}_at
            {%- endfor %}
            else lifecycle.mql_at
        end as next_at
    from begun
    left join lifecycle
        on begun.lead_id = lifecycle.lead_id
    -- Who has won or lost stands at the end: there is no next step.
    where
        coalesce(lifecycle.won_at > begun.first_at, true)
        and coalesce(lifecycle.lost_at > begun.first_at, true)
),

counted as (
    select
        content_id,
        period_grain,
        period_start,
        stage,
        count(*) filter (where outcome_ends_at > {{ as_of() }}) as waiting,
        count(*) filter (where outcome_ends_at <= {{ as_of() }}) as met,
        count(*) filter (where outcome_ends_at <= {{ as_of() }} and next_at <= outcome_ends_at) as moved_on
    from staged
    group by content_id, period_grain, period_start, stage
),

final as (
    select
        counted.content_id,
        contents.content_name,
        contents.content_type,
        contents.conversion_point,
        counted.period_grain,
        counted.period_start,
        counted.stage,
        case counted.stage
            when 'visitor' then 0
            {%- for stage in next_stages %}
            when '{{ stage }}' then {{ loop.index }}
            {%- endfor %}
        end as stage_order,
        counted.met,
        counted.waiting,
        counted.moved_on,
        counted.moved_on / nullif(counted.met, 0) as next_step_rate,
        {{ wilson_low('counted.moved_on', 'counted.met') }} as next_step_rate_low,
        {{ wilson_high('counted.moved_on', 'counted.met') }} as next_step_rate_high
    from counted
    inner join contents
        on counted.content_id = contents.content_id
)

select * from final

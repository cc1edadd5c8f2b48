{%- set stages = ['lead', 'mql', 'sal', 'sql', 'opportunity', 'won', 'lost'] -%}

with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

dormancy as (
    select * from {{ ref('int_lifecycle__dormancy') }}
),

open_spans as (
    select * from {{ ref('int_lifecycle__open_spans') }}
),

stage_orders as (
    select
        stage,
        max(stage_order) as stage_order
    from {{ ref('stage_definitions') }}
    group by stage
),

entered as (
    {% for stage in stages %}
    select
        lead_id,
        next_journey_at,
        '{{ stage }}' as stage,
        {{ loop.index }} as stage_order,
        {{ 'created_at' if stage == 'lead' else stage ~ '_at' }} as entered_at,
        {{ "'recorded'" if stage == 'lost' else stage ~ '_reason' }} as reason
    from lifecycle
    where {{ 'created_at' if stage == 'lead' else stage ~ '_at' }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

followed as (
    select
        *,
        lead(entered_at) over (partition by lead_id order by stage_order) as next_entered_at
    from entered
),

-- A stage is left for the next one, or for the person's next journey; won and lost are final.
stages as (
    select
        lead_id,
        stage,
        stage_order,
        entered_at,
        case
            when next_entered_at is not null then next_entered_at
            when stage not in ('won', 'lost') and next_journey_at is not null then greatest(entered_at, next_journey_at)
        end as left_at,
        reason
    from followed
),

-- Dormancy lies across the stages: a journey keeps its stage while it sleeps, and may sleep several times.
rounds as (
    select
        dormancy.lead_id,
        dormancy.dormant_at,
        dormancy.reactivated_at,
        dormancy.left_at,
        lead(dormancy.dormant_at) over (partition by dormancy.lead_id order by dormancy.round_number) as next_dormant_at,
        open_spans.ended_at
    from dormancy
    inner join open_spans on dormancy.lead_id = open_spans.lead_id
),

slept as (
    select
        lead_id,
        'dormant' as stage,
        dormant_at as entered_at,
        left_at,
        'observed' as reason
    from rounds
    union all
    select
        lead_id,
        'reactivated' as stage,
        reactivated_at as entered_at,
        coalesce(next_dormant_at, ended_at) as left_at,
        'observed' as reason
    from rounds
    where reactivated_at is not null
),

final as (
    select lead_id, stage, stage_order, entered_at, left_at, reason from stages
    union all
    select slept.lead_id, slept.stage, stage_orders.stage_order, slept.entered_at, slept.left_at, slept.reason
    from slept
    inner join stage_orders on slept.stage = stage_orders.stage
)

select * from final

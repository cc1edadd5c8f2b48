{%- set stages = ['lead', 'mql', 'sal', 'sql', 'opportunity', 'won', 'lost'] -%}

with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
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
final as (
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
)

select * from final

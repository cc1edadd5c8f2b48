with recursive
targets as (
    select * from {{ ref('targets') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

planned_rates as (
    select * from {{ ref('planned_rates') }}
),

smart_rules as (
    select * from {{ ref('smart_rules') }}
),

campaigns as (
    select * from {{ ref('dim_campaign') }}
),

kpi_dimensions as (
    select * from {{ ref('int_kpi__dimensions') }}
),

-- Each KPI with every KPI above it, itself included.
kpi_ancestors as (
    select
        kpi_id,
        kpi_id as ancestor_id,
        parent_kpi_id,
        1 as distance
    from kpi_catalogue
    union all
    select
        kpi_ancestors.kpi_id,
        kpi_catalogue.kpi_id as ancestor_id,
        kpi_catalogue.parent_kpi_id,
        kpi_ancestors.distance + 1 as distance
    from kpi_ancestors
    inner join kpi_catalogue on kpi_ancestors.parent_kpi_id = kpi_catalogue.kpi_id
    -- A circle in the tree is a fault that kpi_catalogue_is_sound tells of; it must not hang the run.
    where kpi_ancestors.distance < 20
),

served_goals as (
    select distinct
        kpi_ancestors.kpi_id,
        kpi_ancestors.ancestor_id as goal_kpi_id
    from kpi_ancestors
    inner join planned_rates on kpi_ancestors.ancestor_id = planned_rates.kpi_id
    where planned_rates.is_goal
),

typed as (
    select
        target_id,
        nullif(trim(kpi_id), '') as kpi_id,
        nullif(trim(period_grain), '') as period_grain,
        try_cast(nullif(trim(period_start), '') as date) as period_start,
        nullif(trim(dimension), '') as dimension,
        nullif(trim(dimension_value), '') as dimension_value,
        target as target_text,
        try_cast(threshold as double) as threshold,
        nullif(trim(owner), '') as owner,
        nullif(trim(kgi_kpi_id), '') as kgi_kpi_id,
        nullif(trim(judged), '') as judged,
        nullif(trim(reason), '') as reason,
        -- Neither "infinity" nor "nan" is a number that can be reached.
        case when abs(try_cast(target as double)) < 1e18 then try_cast(target as double) end as target
    from targets
),

described as (
    select
        typed.*,
        kpi_catalogue.aggregation,
        kpi_catalogue.unit,
        kpi_catalogue.direction,
        campaigns.started_on as campaign_started_on,
        campaigns.ended_on as campaign_ended_on,
        served_goals.goal_kpi_id is not null as leads_to_goal,
        kpi_dimensions.dimension is not null as is_shown_by,
        cast(
            case typed.period_grain
                when 'month' then {{ dbt.date_trunc('month', 'typed.period_start') }}
                when 'quarter' then {{ dbt.date_trunc('quarter', 'typed.period_start') }}
            end as date
        ) as calendar_start,
        cast(
            case typed.period_grain
                when 'month' then {{ dbt.dateadd('month', 1, 'typed.period_start') }}
                when 'quarter' then {{ dbt.dateadd('month', 3, 'typed.period_start') }}
                when 'campaign' then {{ dbt.dateadd('day', 1, 'campaigns.ended_on') }}
            end as date
        ) as period_end,
        count(*) over (
            partition by
                typed.kpi_id, typed.period_grain, typed.period_start, typed.dimension, typed.dimension_value
        ) as same_cell
    from typed
    left join kpi_catalogue on typed.kpi_id = kpi_catalogue.kpi_id
    left join served_goals on typed.kpi_id = served_goals.kpi_id and typed.kgi_kpi_id = served_goals.goal_kpi_id
    left join kpi_dimensions on typed.kpi_id = kpi_dimensions.kpi_id and typed.dimension = kpi_dimensions.dimension
    left join campaigns on typed.dimension = 'campaign' and typed.dimension_value = campaigns.campaign_id
),

broken_rules as (
    {% for rule, condition in smart_rules().items() %}
    select
        target_id,
        '{{ rule }}' as rule
    from described
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

reasons as (
    select
        broken_rules.target_id,
        {{ dbt.listagg('smart_rules.rule', "', '", 'order by smart_rules.rule') }} as rejected_rules,
        {{ dbt.listagg('smart_rules.wording_en', "'; '", 'order by smart_rules.rule') }} as rejected_reasons_en,
        {{ dbt.listagg('smart_rules.wording_ja', "'、'", 'order by smart_rules.rule') }} as rejected_reasons_ja
    from broken_rules
    inner join smart_rules on broken_rules.rule = smart_rules.rule
    where smart_rules.is_rejection
    group by broken_rules.target_id
),

final as (
    select
        described.target_id,
        described.kpi_id,
        described.period_grain,
        described.period_start,
        described.period_end,
        described.dimension,
        described.dimension_value,
        described.target,
        described.target_text,
        described.threshold,
        described.owner,
        described.kgi_kpi_id,
        described.judged,
        described.reason,
        described.aggregation,
        described.unit,
        described.direction,
        {{ miss_limit('described.target', 'described.threshold', 'described.direction') }} as miss_limit,
        reasons.target_id is null as is_accepted,
        reasons.rejected_rules,
        reasons.rejected_reasons_en,
        reasons.rejected_reasons_ja
    from described
    left join reasons on described.target_id = reasons.target_id
)

select * from final

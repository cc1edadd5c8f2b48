{%- set slots = factor_slots() -%}
{%- set sets = 2 ** (slots | length) -%}
{%- set cell = ['basis', 'period_grain', 'period_start', 'dimension', 'dimension_value', 'goals.goal_kpi_id'] -%}
{%- set steps_in_order = 'over (partition by cell_id order by step_order)' -%}
{%- set later_steps = steps_in_order | replace(')', ' desc rows between unbounded preceding and 1 preceding)') -%}

with
step_volumes as (
    select * from {{ ref('int_target__step_volumes') }}
),

planned_rates as (
    select * from {{ ref('planned_rates') }}
),

goals as (
    select
        kpi_id as goal_kpi_id,
        step_order as goal_order
    from planned_rates
    where is_goal
),

-- A cell is one gap: a goal in a period and dimension value, compared with something.
volumes as (
    select
        step_volumes.*,
        goals.goal_kpi_id,
        {{ surrogate_key(cell) }} as cell_id
    from step_volumes
    inner join goals on step_volumes.step_order <= goals.goal_order
),

-- A step that counted nothing although later ones did (no session of a trade show's leads) has no rate to the next one:
-- it is left out on both sides, and the next step starts from the one before.
checked as (
    select
        *,
        not coalesce(
            (actual_volume = 0 and max(actual_volume) {{ later_steps }} != 0)
            or (baseline_volume = 0 and max(baseline_volume) {{ later_steps }} != 0),
            false
        ) as is_measured
    from volumes
),

ratios as (
    select
        *,
        row_number() {{ steps_in_order }} as slot,
        case
            when row_number() {{ steps_in_order }} = 1 then actual_volume
            else actual_volume / nullif(lag(actual_volume) {{ steps_in_order }}, 0)
        end as actual_ratio,
        case
            when row_number() {{ steps_in_order }} = 1 then baseline_volume
            else baseline_volume / nullif(lag(baseline_volume) {{ steps_in_order }}, 0)
        end as baseline_ratio
    from checked
    where is_measured
),

-- After a step that nobody reached, rates are unknown: they count as unchanged.
factors as (
    select
        *,
        coalesce(actual_ratio, baseline_ratio, 1) as actual_factor,
        coalesce(baseline_ratio, actual_ratio, 1) as baseline_factor
    from ratios
),

side_by_side as (
    select
        cell_id,
        {% for slot in slots %}
        coalesce(max(actual_factor) filter (where slot = {{ slot }}), 1) as actual_{{ slot }},
        coalesce(max(baseline_factor) filter (where slot = {{ slot }}), 1) as baseline_{{ slot }},
        {% endfor %}
        max(actual_volume) filter (where kpi_id = goal_kpi_id) as actual_goal,
        max(baseline_volume) filter (where kpi_id = goal_kpi_id) as baseline_goal
    from factors
    group by cell_id
),

-- A cell where nothing happened on either side has nothing to explain.
compared as (
    select * from side_by_side
    where actual_goal != 0 or baseline_goal != 0
),

sets_of_steps as (
    select
        {% for slot in slots %}
        generated_number % {{ 2 ** slot }} >= {{ 2 ** (slot - 1) }} as changes_{{ slot }},
        {% endfor %}
        {% for slot in slots -%}
        case when generated_number % {{ 2 ** slot }} >= {{ 2 ** (slot - 1) }} then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %} as changed
    from ({{ dbt.generate_series(sets) }}) as numbers
),

products as (
    select
        compared.cell_id,
        {% for slot in slots %}
        sets_of_steps.changes_{{ slot }},
        {% endfor %}
        sets_of_steps.changed,
        {% for slot in slots -%}
        case when sets_of_steps.changes_{{ slot }} then compared.actual_{{ slot }} else compared.baseline_{{ slot }} end
        {{- ' * ' if not loop.last }}
        {%- endfor %} as product
    from compared
    cross join sets_of_steps
),

shapley_values as (
    select
        {% for slot in slots %}
        {{ shapley_value('product', 'changed', 'changes_' ~ slot, slots | length) }} as effect_{{ slot }},
        {% endfor %}
        cell_id
    from products
    group by cell_id
),

effects as (
    select
        factors.cell_id,
        factors.step_order,
        factors.actual_ratio,
        factors.baseline_ratio,
        round(100 * compared.actual_goal) - round(100 * compared.baseline_goal) as gap_hundredths,
        100 * case factors.slot
            {% for slot in slots %}
            when {{ slot }} then shapley_values.effect_{{ slot }}
            {% endfor %}
        end as hundredths
    from factors
    inner join compared on factors.cell_id = compared.cell_id
    inner join shapley_values on factors.cell_id = shapley_values.cell_id
),

-- Effects are cut to hundredths; what the cutting leaves of the gap goes to the largest remainders, so that the
-- effects sum exactly to the gap. Where rates are so wild that floating-point numbers leave more, all bear it alike.
cut as (
    select
        *,
        cast(floor(hundredths) as decimal(38, 0)) as whole_hundredths,
        count(*) over (partition by cell_id) as steps,
        row_number() over (
            partition by cell_id
            order by hundredths - floor(hundredths) desc, step_order asc
        ) as remainder_rank
    from effects
),

left_over as (
    select
        *,
        cast(gap_hundredths as decimal(38, 0)) - sum(whole_hundredths) over (partition by cell_id) as left_hundredths
    from cut
),

rounded as (
    select
        cell_id,
        step_order,
        actual_ratio,
        baseline_ratio,
        cast(
            (
                whole_hundredths
                + cast(floor(left_hundredths / steps) as decimal(38, 0))
                + case when remainder_rank <= left_hundredths - steps * floor(left_hundredths / steps) then 1 else 0 end
            ) as decimal(38, 2)
        ) * cast(0.01 as decimal(3, 2)) as effect
    from left_over
),

final as (
    select
        checked.basis,
        checked.period_grain,
        checked.period_start,
        checked.baseline_start,
        checked.dimension,
        checked.dimension_value,
        checked.goal_kpi_id,
        checked.step_order,
        checked.kpi_id,
        planned_rates.wording_en as step_en,
        planned_rates.wording_ja as step_ja,
        checked.is_measured,
        checked.actual_volume,
        checked.baseline_volume,
        rounded.actual_ratio as actual_rate,
        rounded.baseline_ratio as baseline_rate,
        cast(coalesce(rounded.effect, 0) as decimal(38, 2)) as effect,
        cast(compared.actual_goal as decimal(18, 2)) as actual_goal,
        cast(compared.baseline_goal as decimal(18, 2)) as baseline_goal,
        cast(
            cast(compared.actual_goal as decimal(18, 2)) - cast(compared.baseline_goal as decimal(18, 2)) as decimal(18, 2)
        ) as gap
    from checked
    inner join compared on checked.cell_id = compared.cell_id
    inner join planned_rates on checked.kpi_id = planned_rates.kpi_id
    left join rounded on checked.cell_id = rounded.cell_id and checked.step_order = rounded.step_order
)

select * from final

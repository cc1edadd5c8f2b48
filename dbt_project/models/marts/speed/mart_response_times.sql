{%- set grains = ['week', 'month', 'quarter', 'all'] -%}
{%- set dimensions = {
    'owner': 'owner_value', 'weekday': 'weekday_value', 'hour': 'hour_value', 'channel': 'channel',
    'segment': 'segment', 'conversion_point': 'conversion_point',
} -%}
{#- A box plot: whiskers at the 5th and 95th percentile, box from the 25th to the 75th, line at the median. -#}
{%- set points = {'p5': 0.05, 'p25': 0.25, 'median': 0.5, 'p75': 0.75, 'p95': 0.95} -%}
{%- set hours_kinds = ['calendar', 'business'] -%}
{%- set limits = ['10_minutes', '2_hours', '24_hours'] -%}

with
response_times as (
    select * from {{ ref('fct_response_times') }}
),

valued as (
    select
        *,
        coalesce(owner_id, 'unassigned') as owner_value,
        cast(started_weekday as {{ dbt.type_string() }}) as weekday_value,
        lpad(cast(started_hour as {{ dbt.type_string() }}), 2, '0') as hour_value,
        started_on as date_on
    from response_times
),

dated as (
    select
        *,
        {{ rollup_periods(grains) }}
    from valued
),

counted as (
    select
        leg,
        {{ rollup_labels(grains, dimensions) }},
        count(*) as started,
        count(ended_at) as answered,
        count(*) filter (where response_state = 'rejected') as rejected,
        count(*) filter (where response_state = 'waiting') as waiting,
        count(*) filter (where response_state = 'given_up') as given_up,
        count(*) filter (where is_implied and ended_at is not null) as answered_implied,
        {% for kind in hours_kinds -%}
        {{ percentiles(kind ~ '_minutes', points.values() | list) }} as {{ kind }}_percentiles,
        {% endfor -%}
        {% for limit in limits -%}
        count(*) filter (where is_within_{{ limit }}) as within_{{ limit }},
        count(is_within_{{ limit }}) as decided_{{ limit }},
        {% endfor -%}
        count(*) filter (where is_breach) as breaches,
        count(is_breach) as sla_decided
    from dated
    group by {{ rollup_sets(['leg'], grains, dimensions) }} -- noqa: PRS
),

final as (
    select
        leg,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        started,
        answered,
        rejected,
        waiting,
        given_up,
        answered_implied,
        {% for kind in hours_kinds -%}
        {% for point in points -%}
        {{ list_element(kind ~ '_percentiles', loop.index) }} as {{ point }}_{{ kind }}_minutes,
        {% endfor -%}
        {% endfor -%}
        {% for limit in limits -%}
        within_{{ limit }},
        decided_{{ limit }},
        within_{{ limit }} / nullif(decided_{{ limit }}, 0) as share_within_{{ limit }},
        {% endfor -%}
        breaches,
        sla_decided,
        breaches / nullif(sla_decided, 0) as breach_rate,
        {{ wilson_low('breaches', 'sla_decided') }} as breach_rate_low,
        {{ wilson_high('breaches', 'sla_decided') }} as breach_rate_high
    from counted
)

select * from final

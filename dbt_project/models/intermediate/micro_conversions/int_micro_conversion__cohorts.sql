{%- set grains = ['month', 'quarter', 'all'] -%}

with
sessions as (
    select * from {{ ref('fct_sessions') }}
),

subjects as (
    select * from {{ ref('int_micro_conversion__subjects') }}
),

entries as (
    select
        'visitors' as population,
        coalesce(person_id, visitor_id) as subject_id,
        started_at as entered_at,
        started_on as date_on
    from sessions
    union all
    select
        'persons' as population,
        subject_id,
        known_at as entered_at,
        {{ business_day('known_at') }} as date_on
    from subjects
    where known_at is not null
),

dated as (
    select
        *,
        {{ rollup_periods(grains) }}
    from entries
),

final as (
    {% for grain in grains -%}
    select
        '{{ grain }}' as period_grain,
        {{ 'cast(null as date)' if grain == 'all' else grain ~ '_on' }} as period_start,
        population,
        subject_id,
        min(entered_at) as entered_at
    from dated
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final

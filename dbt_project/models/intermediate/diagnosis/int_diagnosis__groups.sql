{%- set points = ['budget', 'authority', 'need', 'timeline'] -%}

with
outcomes as (
    select * from {{ ref('int_diagnosis__outcomes') }}
    where lead_id is not null
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

form_visits as (
    select * from {{ ref('int_web__form_visits') }}
),

cta_views as (
    select * from {{ ref('int_web__cta_views') }}
),

known as (
    select
        outcomes.kpi_id,
        outcomes.date_on,
        outcomes.is_success,
        lifecycle.account_id,
        lifecycle.is_valid_lead,
        lifecycle.fit_score,
        {{ minutes_between('lifecycle.mql_at', 'lifecycle.first_touch_at') }} as touch_minutes,
        coalesce(lifecycle.hot_by_score_at <= outcomes.decided_at, false) as is_hot_by_score,
        coalesce(lifecycle.hot_by_behaviour_at <= outcomes.decided_at, false) as is_hot_by_behaviour{% for point in points %},
        coalesce(journeys.{{ point }}_confirmed_at > outcomes.decided_at, true) as lacks_{{ point }}{% endfor %}
    from outcomes
    inner join lifecycle on outcomes.lead_id = lifecycle.lead_id
    inner join journeys on outcomes.lead_id = journeys.lead_id
),

grouped as (
    select
        kpi_id,
        date_on,
        'hot_lead' as dimension,
        case
            when is_hot_by_score and is_hot_by_behaviour then 'score and behaviour'
            when is_hot_by_score then 'score'
            when is_hot_by_behaviour then 'behaviour'
            else 'not hot'
        end as dimension_value,
        is_success
    from known
    union all
    select
        kpi_id,
        date_on,
        'target_fit' as dimension,
        case
            when is_valid_lead then 'target'
            when account_id is null then 'unknown account'
            else 'not a target'
        end as dimension_value,
        is_success
    from known
    union all
    select
        kpi_id,
        date_on,
        'fit_score' as dimension,
        cast(fit_score as {{ dbt.type_string() }}) as dimension_value,
        is_success
    from known
    union all
    select
        kpi_id,
        date_on,
        'first_response' as dimension,
        case
            when touch_minutes is null then 'never'
            when touch_minutes <= 120 then 'within 2 hours'
            when touch_minutes <= 1440 then 'within 24 hours'
            else 'later'
        end as dimension_value,
        is_success
    from known
    {% for point in points -%}
    union all
    select
        kpi_id,
        date_on,
        'bant_gap' as dimension,
        'no {{ point }}' as dimension_value,
        is_success
    from known
    where lacks_{{ point }}
    {% endfor -%}
    union all
    select
        'form_completion_rate' as kpi_id,
        started_on as date_on,
        'form_page' as dimension,
        page_path as dimension_value,
        is_completed as is_success
    from form_visits
    {% for dimension, column in {'cta': 'content_id', 'cta_page': 'page_path'}.items() -%}
    union all
    select
        'cta_click_rate' as kpi_id,
        started_on as date_on,
        '{{ dimension }}' as dimension,
        {{ column }} as dimension_value,
        is_clicked as is_success
    from cta_views
    {% endfor -%}
),

final as (
    select
        kpi_id,
        date_on,
        dimension,
        dimension_value,
        count(*) filter (where is_success) as successes,
        count(*) as trials
    from grouped
    group by kpi_id, date_on, dimension, dimension_value
)

select * from final

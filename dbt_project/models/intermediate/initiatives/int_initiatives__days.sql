{%- set dimensions = {
    'channel': 'channel', 'campaign': 'campaign_id', 'content': 'content_id', 'segment': 'segment', 'owner': 'owner_id',
    'conversion_point': 'conversion_point',
} -%}

with
initiatives as (
    select * from {{ ref('initiatives') }}
),

arms as (
    select * from {{ ref('int_initiatives__arms') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
    where aggregation in ('sum', 'ratio')
),

kpi_measures as (
    select * from {{ ref('int_kpi__measures') }}
),

form_visits as (
    select * from {{ ref('int_web__form_visits') }}
),

contents as (
    select * from {{ ref('dim_content') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

-- Forms are no dimension of the KPIs: their visits stand beside the measures, for initiatives that changed a form.
measures as (
    select
        measure,
        date_on,
        quantity,
        {{ dimensions.values() | join(', ') }},
        cast(null as {{ dbt.type_string() }}) as form_page
    from kpi_measures
    {% for measure, counted in {'form_start_sessions': '1', 'form_start_conversions': 'cast(is_completed as integer)'}.items() -%}
    union all
    select
        '{{ measure }}' as measure,
        started_on as date_on,
        {{ counted }} as quantity,
        {% for column in dimensions.values() %}null as {{ column }}, {% endfor %}
        page_path as form_page
    from form_visits
    {% endfor -%}
),

valued as (
    select
        initiatives.initiative_id,
        '^(' || initiatives.treated_values || ')$' as treated_pattern,
        '^(' || initiatives.control_values || ')$' as control_pattern,
        initiatives.control_values,
        measures.date_on,
        measures.quantity,
        measures.measure = kpi_catalogue.numerator_measure as is_numerator,
        measures.measure = kpi_catalogue.denominator_measure as is_denominator,
        case initiatives.dimension
            when 'overall' then case when measures.form_page is null then 'all' end
            when 'form_page' then measures.form_page
            {% for dimension, column in dimensions.items() -%}
            when '{{ dimension }}' then measures.{{ column }}
            {% endfor -%}
            when 'content_name' then contents.content_name
        end as dimension_value
    from initiatives
    inner join kpi_catalogue on initiatives.kpi_id = kpi_catalogue.kpi_id
    inner join measures on measures.measure in (kpi_catalogue.numerator_measure, kpi_catalogue.denominator_measure)
    left join contents on measures.content_id = contents.content_id
),

sided as (
    select
        *,
        {{ matches('dimension_value', 'treated_pattern') }} as is_treated,
        case control_values
            when 'previous_year' then {{ matches('dimension_value', 'treated_pattern') }}
            when 'rest' then not {{ matches('dimension_value', 'treated_pattern') }}
            else {{ matches('dimension_value', 'control_pattern') }}
        end as is_control
    from valued
),

counted as (
    select
        arms.initiative_id,
        arms.side,
        arms.phase,
        sided.date_on,
        sum(sided.quantity) filter (where sided.is_numerator) as numerator,
        sum(sided.quantity) filter (where sided.is_denominator) as denominator
    from arms
    inner join sided
        on
            arms.initiative_id = sided.initiative_id
            and sided.date_on between arms.from_on and arms.to_on
            and case arms.side when 'treated' then sided.is_treated else sided.is_control end
    group by arms.initiative_id, arms.side, arms.phase, sided.date_on
),

-- Days without a row count as well: nothing happened on them. A sum is held per day, so its denominator is the day.
final as (
    select
        arms.initiative_id,
        arms.side,
        arms.phase,
        dates.date_on,
        cast(coalesce(counted.numerator, 0) as double) as numerator,
        case
            when kpi_catalogue.aggregation = 'sum' then 1.0
            else cast(coalesce(counted.denominator, 0) as double)
        end as denominator
    from arms
    inner join initiatives on arms.initiative_id = initiatives.initiative_id
    inner join kpi_catalogue on initiatives.kpi_id = kpi_catalogue.kpi_id
    inner join dates on dates.date_on between arms.from_on and arms.to_on
    left join counted
        on
            arms.initiative_id = counted.initiative_id
            and arms.side = counted.side
            and arms.phase = counted.phase
            and dates.date_on = counted.date_on
)

select * from final

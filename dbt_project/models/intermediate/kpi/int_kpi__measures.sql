{%- set counted = kpi_measures() -%}

with
{% for model in counted -%}
{{ model }} as (
    select * from {{ ref(model) }}
),

{% endfor -%}
measured as (
    {% for model, family in counted.items() %}
    {% set is_last_model = loop.last %}
    {% for measure in family['measures'] %}
    select
        '{{ measure }}' as measure,
        date_on,
        {{ kpi_dimension_values(family['dimensions']) }},
        cast({{ measure }} as decimal(38, 6)) as quantity
    from {{ model }}
    where {{ measure }} != 0
    {{ 'union all' if not (loop.last and is_last_model) }}
    {% endfor %}
    {% endfor %}
),

final as (
    select
        measure,
        date_on,
        channel,
        campaign_id,
        content_id,
        segment,
        owner_id,
        conversion_point,
        quantity
    from measured
)

select * from final

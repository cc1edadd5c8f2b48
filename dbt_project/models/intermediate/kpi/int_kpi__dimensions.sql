with
kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

measure_dimensions as (
    {% for measure, dimensions in kpi_measure_dimensions().items() %}
    {% set is_last_measure = loop.last %}
    {% for dimension in kpi_rollup_dimensions(dimensions) %}
    select '{{ measure }}' as measure, '{{ dimension }}' as dimension
    {{ 'union all' if not (loop.last and is_last_measure) }}
    {% endfor %}
    {% endfor %}
),

final as (
    select
        kpi_catalogue.kpi_id,
        numerators.dimension
    from kpi_catalogue
    inner join measure_dimensions as numerators on kpi_catalogue.numerator_measure = numerators.measure
    left join measure_dimensions as denominators
        on
            kpi_catalogue.denominator_measure = denominators.measure
            and numerators.dimension = denominators.dimension
    where kpi_catalogue.denominator_measure is null or denominators.measure is not null
)

select * from final

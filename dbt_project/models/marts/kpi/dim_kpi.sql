with

catalogue as (

    select * from {{ ref('kpi_catalogue') }}

),

critical_success_factors as (

    select * from {{ ref('critical_success_factors') }}

),

kpi_dimensions as (

    select * from {{ ref('int_kpi__dimensions') }}

),

listed_dimensions as (

    select
        kpi_id,
        {{ dbt.listagg('dimension', "', '", 'order by dimension') }} as dimensions

    from kpi_dimensions
    group by kpi_id

),

final as (

    select
        catalogue.kpi_id,
        catalogue.parent_kpi_id,
        catalogue.kpi_order,
        catalogue.name_en as kpi_name,
        catalogue.name_ja as kpi_name_ja,
        catalogue.formula,
        catalogue.numerator,
        catalogue.denominator,
        catalogue.anchor,
        catalogue.aggregation,
        catalogue.aggregation = 'sum' as is_additive,
        listed_dimensions.dimensions,
        catalogue.unit,
        catalogue.direction,
        catalogue.csf,
        critical_success_factors.csf_order,
        critical_success_factors.name_en as csf_name,
        critical_success_factors.name_ja as csf_name_ja,
        catalogue.owner,
        catalogue.benchmark_low,
        catalogue.benchmark_high,
        catalogue.benchmark_wording,
        catalogue.matures

    from catalogue
    left join critical_success_factors on catalogue.csf = critical_success_factors.csf
    left join listed_dimensions on catalogue.kpi_id = listed_dimensions.kpi_id

)

select * from final

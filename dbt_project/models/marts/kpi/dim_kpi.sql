with

catalogue as (

    select * from {{ ref('kpi_catalogue') }}

),

final as (

    select
        kpi_id,
        parent_kpi_id,
        name_en as kpi_name,
        name_ja as kpi_name_ja,
        formula,
        anchor,
        aggregation,
        unit,
        direction,
        benchmark_low,
        benchmark_high,
        benchmark_wording

    from catalogue

)

select * from final

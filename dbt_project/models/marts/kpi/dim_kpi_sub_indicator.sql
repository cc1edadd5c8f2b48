with

sub_indicators as (

    select * from {{ ref('kpi_sub_indicators') }}

),

final as (

    select
        kpi_id,
        sub_kpi_id,
        indicator_order

    from sub_indicators

)

select * from final

with

phases as (

    select * from {{ ref('kpi_phases') }}

),

final as (

    select
        phase,
        case phase
            when 'introduction' then 1
            when 'growth' then 2
            when 'maturity' then 3
        end as phase_order,
        kpi_id,
        reason_en as reason,
        reason_ja

    from phases

)

select * from final

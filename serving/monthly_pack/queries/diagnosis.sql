-- Of each KPI that missed its target or benchmark this month: the first causes that data speaks for, else the first ones.
select
    case when $language = 'ja' then kpi_name_ja else kpi_name end as kpi_name,
    dim_kpi.unit,
    kpi_value,
    missed_reference,
    reference_value,
    case when $language = 'ja' then cause_ja else cause end as cause,
    case when $language = 'ja' then action_ja else action end as action,
    worst_value,
    worst_rate,
    compared_with,
    compared_value,
    gain,
    is_conclusive,
    case when dim_kpi.aggregation = 'ratio' then 'ratio' else 'count' end as rate_unit
from marts.mart_diagnosis
join marts.dim_kpi using (kpi_id)
where period_grain = 'month' and period_start = $month_on and cause_rank <= 3
order by kpi_order, cause_rank

-- Targets of the month and of its quarter, the missed ones first.
select
    case when $language = 'ja' then kpi_name_ja else kpi_name end as kpi_name,
    unit,
    mart_targets.period_grain,
    mart_targets.dimension,
    mart_targets.dimension_value,
    mart_targets.target,
    mart_targets.actual,
    mart_targets.actual - mart_targets.target as difference,
    mart_targets.attainment,
    mart_targets.status,
    mart_targets.owner
from marts.mart_targets
join marts.dim_kpi using (kpi_id)
where is_accepted
    and (
        (mart_targets.period_grain = 'month' and mart_targets.period_start = $month_on)
        or (mart_targets.period_grain = 'quarter' and mart_targets.period_start = date_trunc('quarter', $month_on::date))
    )
order by status = 'missed' desc, mart_targets.period_grain, kpi_order, mart_targets.dimension, dimension_value

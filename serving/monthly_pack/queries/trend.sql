-- A year of the KPIs on the way to revenue.
select
    case when $language = 'ja' then kpi_name_ja else kpi_name end as kpi_name,
    kpi_order,
    period_start,
    value,
    target
from marts.mart_kpi_values
join marts.dim_kpi using (kpi_id)
where period_grain = 'month'
    and dimension = 'overall'
    and kpi_id in ('revenue', 'wins', 'sql', 'mql', 'new_leads', 'sessions')
    and period_start between $month_on - interval 11 month and $month_on
order by kpi_order, period_start

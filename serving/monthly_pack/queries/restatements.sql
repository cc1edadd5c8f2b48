-- Numbers of ended months that late data changed after they were published.
select
    case when $language = 'ja' then kpi_name_ja else kpi_name end as kpi_name,
    unit,
    mart_restatements.period_start,
    mart_restatements.previous_as_of,
    mart_restatements.as_of,
    previous_value,
    value,
    change
from marts.mart_restatements
join marts.dim_kpi using (kpi_id)
where period_grain = 'month' and dimension = 'overall' and previous_value is distinct from value and cause = 'data'
order by mart_restatements.as_of desc, mart_restatements.period_start desc, kpi_order
limit 20

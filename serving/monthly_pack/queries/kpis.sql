-- Every KPI of the month in the order of the catalogue, with its place in the tree, beside the month before.
with recursive
tree as (
    select kpi_id, 0 as depth from marts.dim_kpi where parent_kpi_id is null
    union all
    select children.kpi_id, tree.depth + 1
    from marts.dim_kpi as children
    join tree on children.parent_kpi_id = tree.kpi_id
),
months as (
    from marts.mart_kpi_values where period_grain = 'month' and dimension = 'overall'
)
select
    dim_kpi.kpi_id,
    case when $language = 'ja' then dim_kpi.kpi_name_ja else dim_kpi.kpi_name end as kpi_name,
    case when $language = 'ja' then dim_kpi.csf_name_ja else dim_kpi.csf_name end as csf_name,
    dim_kpi.unit,
    tree.depth,
    this_month.value,
    this_month.target,
    this_month.status,
    this_month.benchmark_low,
    this_month.benchmark_high,
    last_month.value as last_value
from months as this_month
join marts.dim_kpi using (kpi_id)
join tree using (kpi_id)
left join months as last_month
    on last_month.kpi_id = this_month.kpi_id and last_month.period_start = this_month.period_start - interval 1 month
where this_month.period_start = $month_on
order by dim_kpi.csf_order, dim_kpi.kpi_order

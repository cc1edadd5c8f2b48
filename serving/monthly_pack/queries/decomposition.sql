-- What each step of the tree adds to or takes from revenue: against the target, else against the month before.
with
found as (
    from marts.mart_gap_decomposition
    where goal_kpi_id = 'revenue' and period_grain = 'month' and period_start = $month_on and dimension = 'overall'
)
select
    basis,
    step_order,
    case when $language = 'ja' then step_ja else step_en end as step_name,
    effect::double as effect,
    gap::double as gap,
    sum(effect) over (order by step_order)::double as reached
from found
where basis = (select max(basis) from found)
order by step_order

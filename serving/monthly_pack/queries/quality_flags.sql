-- More MQLs of less worth: the sources and contents that the missing SQLs come from.
select
    dimension, dimension_value, mql, sql_reached, sql_rate, reference_rate, sql_shortfall, share_of_shortfall,
    is_conclusive
from marts.mart_quality_flags
where period_grain = 'month' and period_start = $month_on and is_flagged and shortfall_rank <= 3
order by dimension != 'overall', dimension, shortfall_rank

-- The step whose loss costs most orders, of the latest month whose leads are old enough to tell.
select period_start, step, pass_rate, reference_rate, effect_orders, effect_amount, is_conclusive
from marts.mart_funnel_bottleneck
where is_bottleneck
    and period_grain = 'month'
    and period_start <= $month_on
    and "view" = 'cohort'
    and dimension = 'overall'
order by period_start desc
limit 1

-- Journeys begun this month (cohort), and steps entered this month (period).
select
    "view", step, step_order, entered, passed, pass_rate, pass_rate_low, pass_rate_high, median_minutes, cost_per_entry
from marts.mart_funnel
where period_grain = 'month' and period_start = $month_on and dimension = 'overall'
order by "view", step_order

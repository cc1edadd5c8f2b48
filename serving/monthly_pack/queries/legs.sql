select
    leg, started, answered, waiting, median_calendar_minutes, median_business_minutes, share_within_10_minutes,
    share_within_2_hours, share_within_24_hours, breaches, breach_rate
from marts.mart_response_times
where period_grain = 'month' and period_start = $month_on and dimension = 'overall'
order by leg

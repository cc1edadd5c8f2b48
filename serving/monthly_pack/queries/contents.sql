-- Contents of this month whose leads had a meeting first, then those that brought leads.
select
    content_name, content_type, views, actions, leads, leads_with_meeting, lead_meeting_rate,
    lead_meeting_rate_low, lead_meeting_rate_high, leads_won
from marts.mart_content_report
where period_grain = 'month' and period_start = $month_on and leads > 0
order by leads_with_meeting desc, leads desc, views desc, content_name
limit 12

select definition_version, count(*) as journeys
from marts.fct_lead_lifecycle
where created_at >= $month_on::date - interval 1 day and created_at < $month_on::date + interval 1 month
group by definition_version
order by definition_version

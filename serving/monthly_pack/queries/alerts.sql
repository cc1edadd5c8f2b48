select
    severity,
    owner,
    case when $language = 'ja' then message_ja else message_en end as message
from marts.mart_alerts
where period_start <= $month_on::date + interval 1 month
order by severity, alert_id

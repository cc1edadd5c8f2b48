select
    case when $language = 'ja' then main_reason_ja else main_reason_en end as reason,
    leg,
    count(*) as breaches
from marts.mart_response_breaches
where started_at >= timezone('UTC', timezone((select business_timezone from marts.mart_run), $month_on::timestamp))
    and started_at < timezone(
        'UTC', timezone((select business_timezone from marts.mart_run), $month_on::timestamp + interval 1 month)
    )
group by all
order by breaches desc, reason, leg
limit 8

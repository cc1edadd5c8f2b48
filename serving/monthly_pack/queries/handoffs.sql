select
    case when $language = 'ja' then label_ja else label_en end as error_name,
    from_team,
    to_team,
    count(*) as errors,
    max(age_hours) / 24 as oldest_days
from marts.mart_handoff_errors
where error_state = 'open'
group by all
order by errors desc, error_name

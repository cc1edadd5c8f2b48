select
    case when $language = 'ja' then initiative_name_ja else initiative_name end as initiative_name,
    case when $language = 'ja' then kpi_name_ja else kpi_name end as kpi_name,
    unit, kind, started_on, ended_on, days, effect, effect_low, effect_high, p_value, verdict
from marts.mart_initiative_effects
join marts.dim_kpi using (kpi_id)
where started_on < $month_on::date + interval 1 month
order by started_on, initiative_id

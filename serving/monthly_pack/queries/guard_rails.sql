-- What got worse while something improved.
select
    case
        when subject_kind = 'initiative' and $language = 'ja' then initiative_name_ja
        when subject_kind = 'initiative' then initiative_name
        when $language = 'ja' then kpi_name_ja
        else kpi_name
    end as beside,
    case when $language = 'ja' then guard_name_ja else guard_name end as guard_name,
    value_before,
    value_after,
    change
from marts.mart_guard_rails
left join marts.mart_initiative_effects
    on subject_kind = 'initiative' and mart_initiative_effects.initiative_id = subject_id
left join marts.dim_kpi on dim_kpi.kpi_id = mart_guard_rails.kpi_id
where is_breached and (subject_kind = 'initiative' or (period_grain = 'month' and period_start = $month_on))
order by beside, guard_name

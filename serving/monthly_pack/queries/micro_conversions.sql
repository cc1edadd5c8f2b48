select
    case when $language = 'ja' then mcv_name_ja else mcv_name end as mcv_name,
    role, volume, final_conversions, ratio, reached_rate, not_reached_rate, lift, phi, phi_low, phi_high, verdict,
    case when $language = 'ja' then verdict_reason_ja else verdict_reason end as verdict_reason,
    is_review_due
from marts.mart_micro_conversions
where period_grain = 'all' and dimension = 'overall'
order by role desc, mcv_name

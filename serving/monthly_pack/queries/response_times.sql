-- Box plot an owner; two of one name are told apart by the end of their id.
select
    coalesce(owner_name, dimension_value)
    || case when count(*) over (partition by owner_name) > 1 then ' …' || right(dimension_value, 4) else '' end
        as owner_name,
    started,
    p5_business_minutes,
    p25_business_minutes,
    median_business_minutes,
    p75_business_minutes,
    p95_business_minutes
from marts.mart_response_times
left join marts.dim_owner on dim_owner.owner_id = dimension_value
where period_grain = 'month'
    and period_start = $month_on
    and dimension = 'owner'
    and leg = 'mql_to_sal'
    and median_business_minutes is not null
order by started desc, dimension_value
limit 12

-- A night's report covers three days, the history all; thousands are separated by commas.
select
    strftime(day, '%Y-%m-%d') as "Day",
    as_written(code, 'google ads') as "Campaign",
    google_campaign_id as "Campaign ID",
    type as "Campaign type",
    'JPY' as "Currency code",
    format('{:,}', impressions) as "Impr.",
    format('{:,}', clicks) as "Clicks",
    format('{:,}', cost_as_reported(cost, date_diff('day', day, business_day(getvariable('until') - interval 1 second)))) as "Cost",
    '0.00' as "Conversions"
from ad_costs
where day > business_day(getvariable('since')) - 3 and business_midnight(day) < getvariable('until')
order by day, campaign_key

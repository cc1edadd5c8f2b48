-- What is spent. Google restates the last days: a day's cost is final on the third delivery that has it.
create table ad_costs as
with
days as (
    select unnest(generate_series(getvariable('start_on'), getvariable('end_on'), interval 1 day))::date as day
),
placed as (
    select
        days.day,
        campaigns.campaign_key,
        campaigns.code,
        campaigns.type,
        campaigns.campaign_key * 100000 + date_diff('day', date '2000-01-01', days.day) as line_key,
        case when isodow(days.day) > 5 then 0.4 else 1 end * between_numbers(0.7, 1.3, 'ad cost', line_key)
        * case campaigns.type when 'Search' then 7000 else 4000 end * getvariable('scale') as cost
    from days
    inner join campaigns on days.day between campaigns.started_on and campaigns.ended_on
    where campaigns.type in ('Search', 'Display')
)
select
    day,
    campaign_key,
    code,
    type,
    (23000000000 + campaign_key * 101)::varchar as google_campaign_id,
    greatest(1, round(cost))::bigint as cost,
    greatest(1, round(cost / between_numbers(90, 400, 'click price', line_key)))::bigint as clicks,
    greatest(1, round(cost / between_numbers(3, 9, 'impression price', line_key)))::bigint as impressions
from placed;

create macro cost_as_reported(cost, age) as
    case when age >= 2 then cost when age = 1 then round(cost * 0.98) else round(cost * 0.93) end::bigint;

create table expenses as
with
months as (
    select
        unnest(generate_series(date_trunc('month', getvariable('start_on')), getvariable('end_on'), interval 1 month))::date as month,
        greatest(month, getvariable('start_on')) as day
),
lines as (
    select least(day + 24, last_day(month)) as spent_on, 'SNSリード獲得広告' as label, '広告費' as cost_type, 'Paid Social' as channel,
        quarterly_code('social_leadgen', business_midnight(spent_on)) as campaign_code, 210000 as base, 1 as kind
    from months
    union all
    select least(day + 9, last_day(month)), 'オウンドメディア記事制作', 'コンテンツ制作費', 'organic_search', null, 180000, 2 from months
    union all
    select least(day + 4, last_day(month)), 'MAツール利用料', 'ツール利用料', null, null, 240000, 3 from months
    union all
    select least(day + 27, last_day(month)), 'インサイドセールス工数', '営業工数', null, null, 900000, 4 from months
    union all
    select first_on, '展示会出展費用', '展示会費', '展示会', campaign_code, 1800000, 5 from expos
    union all
    select held_on, 'ウェビナー運営費', 'セミナー費', 'event', campaign_code, 60000, 6 from webinars
    union all
    select getvariable('start_on') + 10, 'MA導入支援', '導入費', null, null, 1500000, 7
)
select
    row_number() over (order by spent_on, kind, label) as expense_key,
    spent_on,
    label,
    cost_type,
    channel,
    campaign_code,
    kind * 100000 + date_diff('day', date '2000-01-01', spent_on) as line_key,
    base * getvariable('scale') * between_numbers(0.8, 1.2, 'expense', line_key) as spent,
    greatest(1000, 1000 * round(spent / 1000))::bigint as amount,
    kind <= 2 or kind in (5, 6) as is_acquisition,
    case channel when 'Paid Social' then 'paid_social' when '展示会' then 'event' else channel end as canonical_channel
from lines
where spent_on <= getvariable('end_on');

-- Campaigns as the CRM knows them. Some have no UTM code: nobody clicks on a telephone call.
create table webinars as
select
    webinar_key,
    (getvariable('start_on') + (27 + 28 * (webinar_key - 1))::int)::date as held_on,
    business_midnight(held_on) + interval 14 hour as starts_at,
    'webinar_' || strftime(held_on, '%Y%m%d') as campaign_code,
    '第' || webinar_key || '回 マーケティング実践ウェビナー' as topic,
    (81234500000 + webinar_key * 7)::varchar as webinar_id
from range(1, 1 + greatest(0, (getvariable('days') - 28) // 28 + 1)) as numbers (webinar_key);

create table campaigns as
with
days as (
    select unnest(generate_series(getvariable('start_on'), getvariable('end_on'), interval 1 day))::date as day
),
kinds (kind, type, label) as (
    values
    ('search_brand', 'Search', '指名検索広告'), ('search_generic', 'Search', '一般検索広告'),
    ('social_leadgen', 'Paid Social', 'SNSリード獲得広告'), ('display_awareness', 'Display', 'ディスプレイ認知広告')
),
found as (
    select
        quarterly_code(kinds.kind, business_midnight(days.day)) as code, kinds.type, kinds.label,
        min(day) as started_on, max(day) as ended_on
    from kinds, days
    group by all
    union all
    select campaign_code, 'Exhibition', '展示会出展', first_on, first_on + 2 from expos
    union all
    select campaign_code, 'Webinar', topic, held_on - 30, held_on from webinars
    union all
    select 'partner_program_' || year(getvariable('start_on')), 'Partners', '販売パートナー制度', getvariable('start_on'), null
    union all
    select null, 'Other', 'お電話でのお問い合わせ', getvariable('start_on'), null
    union all
    -- Call lists: every quarter's new leads, and who has been asleep.
    select null, 'Telemarketing', label || ' ' || year(day) || 'Q' || quarter(day), min(day), max(day)
    from days, (values ('新規リード架電リスト'), ('休眠掘り起こしリスト')) as call_lists (label)
    group by label, year(day), quarter(day)
)
select
    row_number() over (order by code nulls last, type, label) as campaign_key,
    salesforce_id('701', campaign_key) as salesforce_id,
    *,
    coalesce(code, 'salesforce:' || salesforce_id) as campaign_id
from found;

-- Visits and hits of the web site.
create table visits as
with
visitors as (
    select device_key, office_time('visitor', device_key, getvariable('start_at'), getvariable('end_at')) as first_at
    from range(1, volume(16500) + 1) as numbers (device_key)
),
wanted as (
    select
        device_key * 20 + visit as visit_key,
        device_key,
        null::bigint as person_key,
        case
            when visit = 0 then first_at
            else later(first_at, 86400 * visit * lognormal(6, 1, 'return', device_key * 20 + visit))
        end as started_at,
        kind_at(getvariable('visit_kinds'), u('visit kind', device_key * 20 + visit)) as traffic_kind,
        null::varchar as campaign_code,
        null::timestamp as converts_at
    from visitors, range(0, 6) as visits (visit)
    where visit <= -ln(1 - u('returns', device_key)) * 0.75
    union all
    -- Before somebody sends a form, the person has often been there, unknown.
    select
        2000000000 + submission_key * 10 + visit,
        device_key + case when u('second device', submission_key * 10 + visit) < 0.12 then 1 else 0 end,
        person_key,
        office_time('early visit', submission_key * 10 + visit, submitted_at - interval 14 day, submitted_at - interval 2 hour),
        case when visit = 1 then traffic_kind else 'direct' end,
        case when visit = 1 then campaign_code end,
        null
    from submissions, range(1, 4) as visits (visit)
    where is_tracked and u('early visits', submission_key * 10 + visit) < 0.45 and traffic_kind not in ('import')
    union all
    select
        2000000000 + submission_key * 10,
        device_key,
        person_key,
        later(submitted_at, -60 - 400 * u('form visit', submission_key)),
        traffic_kind,
        campaign_code,
        -- Two clocks: web analytics and the form disagree by seconds.
        later(submitted_at, -1.5 + 4 * u('form clock', submission_key))
    from submissions
    where is_tracked
    union all
    select
        100000000000 + messages.message_key,
        100000000 + contacts.person_key * 2,
        contacts.person_key,
        messages.clicked_at + interval 2 second,
        'newsletter',
        mails.campaign_code,
        null
    from messages
    inner join contacts using (contact_key)
    inner join mails using (mail_key)
    where messages.clicked_at is not null and u('click lands', message_key) < 0.85
    union all
    -- Programs: in bursts, from headless browsers and copies of the site.
    select
        1500000000 + bot * 100 + visit,
        90000000 + bot,
        null,
        later(office_time('bot', bot, getvariable('start_at'), getvariable('end_at')), 4000 * visit),
        'direct',
        null,
        null
    from range(1, volume(70) + 1) as numbers (bot), range(0, 6) as visits (visit)
)
select
    wanted.visit_key,
    wanted.device_key,
    wanted.person_key,
    wanted.started_at,
    wanted.traffic_kind,
    wanted.converts_at,
    wanted.device_key between 90000001 and 94999999 as is_bot,
    coalesce(kinds.ga_source, case when wanted.traffic_kind = 'newsletter' then 'hs_email' end) as ga_source,
    coalesce(kinds.ga_medium, case when wanted.traffic_kind = 'newsletter' then 'email' end) as ga_medium,
    case
        when wanted.campaign_code is not null then wanted.campaign_code
        when kinds.campaign is not null then quarterly_code(kinds.campaign, wanted.started_at)
    end as campaign_code,
    2 + least(10, floor(-ln(1 - u('pages', visit_key)) * 1.7))::int as hit_count,
    8 + 70 * pow(u('pace', visit_key), 2) as pace_seconds,
    wanted.converts_at is null and u('tab left open', visit_key) < 0.012 as has_gap,
    1 + floor(8 * pow(u('landing', visit_key), 2))::int as landing_page
from wanted
left join traffic_kinds as kinds on wanted.traffic_kind = kinds.kind
where wanted.started_at >= getvariable('start_at') and wanted.started_at < getvariable('end_at') - interval 1 minute;

-- One row a hit; sorted by day, since the export has one file a day.
create table hits as
with
numbered as (
    select visits.*, unnest(range(1, hit_count + 1 + case when converts_at is not null then 2 else 0 end)) as number
    from visits
),
placed as (
    select
        visit_key,
        device_key,
        person_key,
        is_bot,
        ga_source,
        ga_medium,
        campaign_code,
        landing_page,
        started_at,
        number,
        visit_key * 20 + number as hit_key,
        case
            when number = 1 then 'session_start'
            when number = 2 then 'page_view'
            when converts_at is not null and number = hit_count + 1 then 'form_start'
            when converts_at is not null and number = hit_count + 2 then 'generate_lead'
            when u('hit', hit_key) < 0.5 then 'page_view'
            when u('hit', hit_key) < 0.7 then 'scroll'
            when u('hit', hit_key) < 0.92 then 'user_engagement'
            else 'click'
        end as name,
        case
            when converts_at is not null and number = hit_count + 2 then converts_at
            when converts_at is not null and number = hit_count + 1 then converts_at - interval 15 second
            when converts_at is not null
                then later(started_at, (number - 1) * date_diff('second', started_at, converts_at - interval 20 second) / (hit_count + 1))
            else later(
                started_at,
                greatest(0, number - 2) * pace_seconds + 3 * u('pause', hit_key)
                + case when has_gap and number = hit_count and number > 2 then 2400 + 3000 * u('away', visit_key) else 0 end
            )
        end as hit_at
    from numbered
)
select
    * exclude (started_at),
    epoch(started_at)::bigint as visit_id,
    business_day(hit_at) as day,
    -- Apps and laptops that were offline send their hits a day later; those of the last day are not yet missed.
    u('late', hit_key) < 0.012 and business_day(hit_at) < getvariable('end_on') as is_late
from placed
where hit_at >= getvariable('start_at') and hit_at < getvariable('end_at')
order by day, device_key, hit_at, hit_key;

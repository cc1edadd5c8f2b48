-- How much somebody wants to buy: who will become an MQL or SQL looks at prices and cases more than who will not.
create table interests as
select
    person_key,
    max(
        case
            when sales_work.outcome = 'qualified' then 0.65
            when sales_leads.marked_at is not null then 0.45
        end
    ) as buying_interest
from sales_leads
left join sales_work using (lead_key)
group by person_key;

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
        null::timestamp as converts_at,
        null::bigint as form_key
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
        null,
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
        later(submitted_at, -1.5 + 4 * u('form clock', submission_key)),
        form_key
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
        null,
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
    wanted.form_key,
    wanted.device_key between 90000001 and 94999999 as is_bot,
    coalesce(kinds.ga_source, case when wanted.traffic_kind = 'newsletter' then 'hs_email' end) as ga_source,
    coalesce(kinds.ga_medium, case when wanted.traffic_kind = 'newsletter' then 'email' end) as ga_medium,
    case
        when wanted.campaign_code is not null then wanted.campaign_code
        when kinds.campaign is not null then quarterly_code(kinds.campaign, wanted.started_at)
    end as campaign_code,
    coalesce(interests.buying_interest, case when wanted.person_key is null then 0.25 * pow(u('interest', device_key), 2) else 0.3 end)
        as interest,
    1 + least(6, floor(-ln(1 - u('pages', visit_key)) * (0.9 + interest)))::int as page_count,
    12 + (90 + 120 * interest) * pow(u('pace', visit_key), 2) as page_seconds,
    wanted.converts_at is null and u('tab left open', visit_key) < 0.012 as has_gap,
    1 + floor(8 * pow(u('landing', visit_key), 2))::int as landing_page
from wanted
left join traffic_kinds as kinds on wanted.traffic_kind = kinds.kind
left join interests on wanted.person_key = interests.person_key
where wanted.started_at >= getvariable('start_at') and wanted.started_at < getvariable('end_at') - interval 1 minute;

-- The pages of each visit. A visit that sends a form ends on the form's page.
create table page_views as
with
numbered as (
    select visits.*, unnest(range(1, page_count + 1)) as page, visit_key * 10 + page as page_view_key
    from visits
),
placed as (
    select
        numbered.*,
        case
            when converts_at is not null then date_diff('millisecond', started_at, converts_at) / 1000.0 / page_count
            else page_seconds
        end as stay_seconds,
        later(
            started_at,
            (page - 1) * stay_seconds
            + case when has_gap and page = page_count and page > 1 then 2400 + 3000 * u('away', visit_key) else 0 end
        ) as page_at,
        case
            when page = 1 and (converts_at is null or page_count > 1) then landing_page
            when converts_at is not null and page = page_count then form_pages.page_key
            when u('aimed page', page_view_key) < interest then pick([3, 4, 3, 2, 9, 10], 'aim', page_view_key)
            else 1 + floor(8 * u('page', page_view_key))::int
        end as page_key
    from numbered
    left join (select page_key, form_key from pages) as form_pages using (form_key)
)
select
    placed.* exclude (form_key, converts_at, has_gap, page_seconds, traffic_kind, landing_page),
    pages.intent_event,
    pages.cta_id,
    pages.file_name,
    case when converts_at is not null or forms.created_at <= page_at then pages.form_key end as form_key,
    case when page = page_count then converts_at end as converts_at
from placed
inner join pages using (page_key)
left join forms on pages.form_key = forms.form_key;

-- One row a hit; sorted by day, since the export has one file a day. `moment`: how far into the stay on the page.
create table hits as
with
kinds (slot, name, moment) as (
    values
    (1, 'session_start', 0.0), (2, 'page_view', 0.0), (3, 'intent', 0.02), (4, 'form_view', 0.05), (5, 'cta_view', 0.2),
    (6, 'scroll', 0.4), (7, 'file_download', 0.5), (8, 'form_start', 0.6), (9, 'cta_click', 0.85), (10, 'user_engagement', 0.9),
    (11, 'generate_lead', 1.0)
),
drawn as (
    select
        page_views.* exclude (converts_at, intent_event, page_at),
        (page - 1) * 11 + slot as number,
        visit_key * 100 + number as hit_key,
        case kinds.name when 'intent' then intent_event else kinds.name end as name,
        case kinds.name when 'generate_lead' then converts_at else later(page_at, moment * stay_seconds) end as hit_at
    from page_views, kinds
    where
        case kinds.name
            when 'session_start' then page = 1
            when 'page_view' then true
            when 'intent' then intent_event is not null
            when 'form_view' then form_key is not null
            when 'form_start'
                then converts_at is not null
                    or (
                        form_key is not null
                        and u('form given up', page_view_key)
                        < 0.16 * factor_of('short_form', business_day(page_at) >= day_of('short_form'))
                    )
            when 'generate_lead' then converts_at is not null
            when 'cta_view' then cta_id is not null and u('cta seen', page_view_key) < 0.4
            when 'cta_click'
                then cta_id is not null and u('cta seen', page_view_key) < 0.4
                    and u('cta clicked', page_view_key) < 0.03 + 0.35 * interest
            when 'file_download' then file_name is not null and u('file', page_view_key) < 0.02 + 0.15 * interest
            when 'scroll' then u('scrolled', page_view_key) < 0.3 + 0.4 * interest
            when 'user_engagement' then u('engagement', page_view_key) < 0.45 + 0.3 * interest
        end
)
select
    * exclude (cta_id, file_name, form_key),
    epoch(started_at)::bigint as visit_id,
    business_day(hit_at) as day,
    case when name = 'scroll' then pick([25, 50, 75, 90], 'scroll depth', hit_key) end as percent_scrolled,
    case when name = 'user_engagement' then (1 + stay_seconds * between_numbers(0.3, 0.9, 'engaged', hit_key))::bigint end
        as engaged_seconds,
    -- Apps and laptops that were offline send their hits a day later; those of the last day are not yet missed.
    u('late', hit_key) < 0.012 and business_day(hit_at) < getvariable('end_on') as is_late
from drawn
where hit_at >= getvariable('start_at') and hit_at < getvariable('end_at')
order by day, device_key, hit_at, hit_key;

-- Hits of one device with no gap of more than 30 minutes; programs are counted nowhere.
create table truth.sessions as
with
gaps as (
    select
        device_key, visit_key, number, hit_at, name, page_key, percent_scrolled, engaged_seconds, ga_source, ga_medium,
        campaign_code,
        coalesce(hit_at - lag(hit_at) over device > interval 30 minute, true) as begins
    from hits
    where not is_bot
    window device as (partition by device_key order by hit_at, visit_key, number)
),
numbered as (
    select
        *,
        sum(begins::int) over (partition by device_key order by hit_at, visit_key, number rows unbounded preceding) as session_number,
        name = 'page_view' and number = 2 and ga_source is not null as tells_source
    from gaps
),
grouped as (
    select
        device_key,
        session_number::int as session_number,
        min(hit_at) as started_at,
        max(hit_at) as ended_at,
        count(*)::int as event_count,
        bool_or(name = 'form_view') as has_form_view,
        bool_or(name = 'form_start') as has_form_start,
        bool_or(name = 'generate_lead') as is_converted,
        count(*) filter (where name = 'page_view')::int as page_view_count,
        arg_min(path, hit_at) filter (where name = 'page_view') as landing_path,
        coalesce(sum(engaged_seconds), 0)::double as dwell_seconds,
        max(percent_scrolled) as max_scroll_percent,
        list(distinct cta_id) filter (where name = 'cta_view') as ctas_viewed,
        list(distinct cta_id) filter (where name = 'cta_click') as ctas_clicked,
        arg_min({'medium': ga_medium, 'campaign': campaign_code}, (hit_at, visit_key)) filter (where tells_source) as origin
    from numbered
    inner join pages using (page_key)
    group by device_key, session_number
)
select
    client_id(device_key) as anonymous_id,
    session_number,
    started_at,
    ended_at,
    event_count,
    page_view_count,
    landing_path,
    dwell_seconds,
    max_scroll_percent,
    coalesce(len(ctas_viewed), 0)::int as cta_view_count,
    coalesce(len(list_intersect(ctas_viewed, ctas_clicked)), 0)::int as cta_click_count,
    has_form_view,
    has_form_start,
    is_converted,
    case
        when origin.medium is null then 'direct'
        when origin.medium = 'organic' then 'organic_search'
        when origin.medium = 'cpc' then 'paid_search'
        when origin.medium = 'social' then 'organic_social'
        else origin.medium   -- referral, paid_social, display, email
    end as channel,
    coalesce(origin.campaign, 'unattributed') as campaign_id
from grouped
order by device_key, session_number;

-- What KPIs count, a row a day and value of each dimension; `top` over `bottom`. A dimension that a fact does not have is null.
create table facts (
    kpi_id varchar, day date, channel varchar, campaign_id varchar, content_id varchar, segment varchar, owner_id varchar,
    conversion_point varchar, top double, bottom double
);
create macro hubspot_content(id) as 'hubspot:' || id;

insert into facts by name
with
counted as (
    select
        business_day(started_at) as day, channel, campaign_id, landing_path as content_id, count(*) as sessions,
        count(*) filter (where is_converted) as converted,
        count(*) filter (where has_form_view) as viewed, count(*) filter (where has_form_view and is_converted) as viewed_converted,
        count(*) filter (where has_form_start) as begun, count(*) filter (where has_form_start and is_converted) as begun_converted,
        sum(cta_view_count) as cta_views, sum(cta_click_count) as cta_clicks,
        sum(max_scroll_percent) as scrolled, count(max_scroll_percent) as scrolling
    from truth.sessions
    group by all
)
select day, channel, campaign_id, content_id, unnest([
    {'kpi_id': 'sessions', 'top': sessions::double, 'bottom': null::double},
    {'kpi_id': 'cvr', 'top': converted, 'bottom': sessions},
    {'kpi_id': 'lp_cvr', 'top': viewed_converted, 'bottom': viewed},
    {'kpi_id': 'form_completion_rate', 'top': begun_converted, 'bottom': begun},
    {'kpi_id': 'cta_views', 'top': cta_views, 'bottom': null},
    {'kpi_id': 'cta_click_rate', 'top': cta_clicks, 'bottom': cta_views},
    {'kpi_id': 'average_scroll_percent', 'top': coalesce(scrolled, 0), 'bottom': scrolling}
], recursive := true)
from counted;

-- A mail converts when the person sends a form within 24 hours after the first click.
insert into facts by name
with
converting as (
    select distinct messages.sent_event_id
    from truth.messages
    inner join submissions on messages.person_key = submissions.person_key
        and submissions.submitted_at >= messages.first_clicked_at
        and submissions.submitted_at < messages.first_clicked_at + interval 24 hour
    where messages.bounced_at is null
),
counted as (
    select
        business_day(sent_at) as day, 'email' as channel, campaign_id, content_id, count(*) as sent,
        count(*) filter (where bounced_at is null) as delivered,
        count(*) filter (where bounced_at is null and coalesce(first_opened_at, first_clicked_at) is not null) as opened,
        count(*) filter (where bounced_at is null and first_clicked_at is not null) as clicked,
        count(*) filter (where bounced_at is null and unsubscribed_at is not null) as unsubscribed,
        count(converting.sent_event_id) as converted
    from truth.messages
    left join converting using (sent_event_id)
    group by all
)
select day, channel, campaign_id, content_id, unnest([
    {'kpi_id': 'email_sends', 'top': sent::double, 'bottom': null::double},
    {'kpi_id': 'delivery_rate', 'top': delivered, 'bottom': sent},
    {'kpi_id': 'open_rate', 'top': opened, 'bottom': delivered},
    {'kpi_id': 'click_rate', 'top': clicked, 'bottom': opened},
    {'kpi_id': 'unsubscribe_rate', 'top': unsubscribed, 'bottom': delivered},
    {'kpi_id': 'email_conversions', 'top': converted, 'bottom': null},
    {'kpi_id': 'email_conversion_rate', 'top': converted, 'bottom': delivered}
], recursive := true)
from counted
union all by name
select min(business_day(sent_at)) as day, 'email' as channel, campaign_id, content_id, 'mail_broadcasts' as kpi_id, 1 as top, null as bottom
from truth.messages
group by campaign_id, content_id
union all by name
select business_day(enrolled_at) as day, 'email' as channel, hubspot_content('workflow-' || workflow_id) as content_id, unnest([
    {'kpi_id': 'step_mail_enrolments', 'top': 1.0, 'bottom': null},
    {'kpi_id': 'step_mail_completion_rate', 'top': (completed_at is not null)::int, 'bottom': 1}
], recursive := true)
from enrolments, workflows;

insert into facts by name
select business_day(created_at) as day, channel, campaign_id, content_id, segment, owner_id, conversion_point, unnest([
    {'kpi_id': 'new_leads', 'top': 1.0, 'bottom': null},
    {'kpi_id': 'valid_leads', 'top': is_valid_lead::int, 'bottom': null},
    {'kpi_id': 'target_ratio', 'top': is_valid_lead::int, 'bottom': 1},
    {'kpi_id': 'lead_win_rate', 'top': (won_at is not null)::int, 'bottom': 1}
], recursive := true)
from truth.journeys
union all by name
select business_day(mql_at) as day, channel, campaign_id, content_id, segment, owner_id, conversion_point, unnest([
    {'kpi_id': 'mql', 'top': 1.0, 'bottom': null},
    {'kpi_id': 'sql_rate', 'top': (sql_at is not null)::int, 'bottom': 1},
    {'kpi_id': 'meeting_rate', 'top': has_meeting_since_mql::int, 'bottom': 1}
], recursive := true)
from truth.journeys
where mql_at is not null
union all by name
select business_day(sal_at) as day, channel, campaign_id, content_id, segment, owner_id, conversion_point,
    'sal' as kpi_id, 1 as top, null as bottom
from truth.journeys
where sal_at is not null
union all by name
select business_day(sql_at) as day, channel, campaign_id, content_id, segment, owner_id, conversion_point, unnest([
    {'kpi_id': 'sql', 'top': 1.0, 'bottom': null},
    {'kpi_id': 'opportunity_rate', 'top': (opportunity_at is not null)::int, 'bottom': 1}
], recursive := true)
from truth.journeys
where sql_at is not null
union all by name
select business_day(meeting_at) as day, channel, campaign_id, content_id, segment, owner_id, conversion_point,
    'meetings' as kpi_id, 1 as top, null as bottom
from truth.journeys
where meeting_at is not null;

-- What stands against cost has the dimensions of costs only.
insert into facts by name
select business_day(created_at) as day, channel, campaign_id, 'cpa' as kpi_id, 0 as top, 1 as bottom
from truth.journeys
union all by name
select business_day(mql_at) as day, channel, campaign_id, 'cost_per_mql' as kpi_id, 0 as top, 1 as bottom
from truth.journeys
where mql_at is not null
union all by name
select business_day(sql_at) as day, channel, campaign_id, 'cost_per_sql' as kpi_id, 0 as top, 1 as bottom
from truth.journeys
where sql_at is not null;

insert into facts by name
select business_day(created_at) as day, channel, campaign_id, content_id, segment, owner_id, conversion_point,
    'opportunities' as kpi_id, 1 as top, null as bottom
from truth.opportunities
union all by name
select business_day(closed_at) as day, channel, campaign_id, content_id, segment, owner_id, conversion_point,
    'win_rate' as kpi_id, is_won::int as top, 1 as bottom
from truth.opportunities
where is_closed
union all by name
select business_day(closed_at) as day, channel, campaign_id, content_id, segment, owner_id, conversion_point, unnest([
    {'kpi_id': 'wins', 'top': 1.0, 'bottom': null},
    {'kpi_id': 'revenue', 'top': amount, 'bottom': null},
    {'kpi_id': 'average_order_value', 'top': amount, 'bottom': 1}
], recursive := true)
from truth.opportunities
where is_won
union all by name
-- Against cost, which nobody books on an owner. An order earns its amount at a gross margin of 60 % over 24 months.
select business_day(closed_at) as day, channel, campaign_id, unnest([
    {'kpi_id': 'cac', 'top': 0.0, 'bottom': 1.0},
    {'kpi_id': 'payback_months', 'top': 0, 'bottom': amount * 0.6 / 24},
    {'kpi_id': 'roi', 'top': amount, 'bottom': 0}
], recursive := true)
from truth.opportunities
where is_won
union all by name
select occurred_on as day, channel, campaign_id, unnest([
    {'kpi_id': 'total_cost', 'top': amount::double, 'bottom': null::double},
    {'kpi_id': 'cac', 'top': amount, 'bottom': 0},
    {'kpi_id': 'payback_months', 'top': amount, 'bottom': 0},
    {'kpi_id': 'roi', 'top': -amount, 'bottom': amount}
], recursive := true)
from truth.costs
union all by name
select occurred_on as day, channel, campaign_id, unnest([
    {'kpi_id': 'cost', 'top': amount::double, 'bottom': null},
    {'kpi_id': 'cpa', 'top': amount, 'bottom': 0},
    {'kpi_id': 'cost_per_mql', 'top': amount, 'bottom': 0},
    {'kpi_id': 'cost_per_sql', 'top': amount, 'bottom': 0}
], recursive := true)
from truth.costs
where is_acquisition;

insert into facts by name
select business_day(listed_at) as day, campaign_id, 'call_list_size' as kpi_id, 1 as top, null as bottom
from truth.call_list_members
union all by name
select business_day(called_at) as day, campaign_id, owner_id, unnest([
    {'kpi_id': 'calls', 'top': 1.0, 'bottom': null},
    {'kpi_id': 'connects', 'top': is_connected::int, 'bottom': null},
    {'kpi_id': 'connect_rate', 'top': is_connected::int, 'bottom': 1},
    {'kpi_id': 'talk_minutes', 'top': case when is_connected then talk_seconds / 60.0 else 0 end, 'bottom': null},
    {'kpi_id': 'call_meetings', 'top': is_meeting_agreed::int, 'bottom': null}
], recursive := true)
from truth.calls
union all by name
select business_day(registered_at) as day, 'event' as channel, content_id, unnest([
    {'kpi_id': 'seminar_registrations', 'top': 1.0, 'bottom': null},
    {'kpi_id': 'attendance_rate', 'top': is_attended::int, 'bottom': 1}
], recursive := true)
from truth.attendance
union all by name
select business_day(starts_at) as day, 'event' as channel, content_id, unnest([
    {'kpi_id': 'survey_response_rate', 'top': is_survey_answered::double, 'bottom': is_attended::int},
    {'kpi_id': 'promising_answers', 'top': is_promising::int, 'bottom': null},
    {'kpi_id': 'seminar_meetings', 'top': (is_attended and has_meeting)::int, 'bottom': null}
], recursive := true)
from truth.attendance;

-- A download counts as followed by a meeting when the person first meets sales within three days.
insert into facts by name
with
downloads as (
    select
        submissions.submission_key,
        business_day(submitted_at) as day,
        coalesce(campaign_code, 'unattributed') as campaign_id,
        hubspot_content(form_id) as content_id,
        case form_key when 1 then 'document' when 4 then 'whitepaper' when 6 then 'pricing' end as conversion_point,
        coalesce(bool_or(meeting_at >= submitted_at and meeting_at < submitted_at + interval 3 day), false) as is_followed
    from submissions
    inner join forms using (form_key)
    left join truth.journeys using (person_key)
    where form_key in (1, 4, 6)
    group by all
)
select day, campaign_id, content_id, conversion_point, unnest([
    {'kpi_id': 'downloads', 'top': 1.0, 'bottom': null},
    {'kpi_id': 'download_meeting_rate', 'top': is_followed::int, 'bottom': 1}
], recursive := true)
from downloads
union all by name
select exchanged_on as day, 'event' as channel, coalesce(campaign_code, 'unattributed') as campaign_id,
    'leads_imported' as kpi_id, 1 as top, null as bottom
from cards
union all by name
select business_day(created_at) as day, unnest(['forms_made', 'contents_made']) as kpi_id, 1 as top, null as bottom
from forms
where created_at < getvariable('end_at')
union all by name
select business_day(created_at) as day, 'contents_made' as kpi_id, 1 as top, null as bottom
from workflows;

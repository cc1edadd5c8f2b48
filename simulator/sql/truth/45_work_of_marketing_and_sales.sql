-- Calls, call lists and seminars, as the people in them know it.
create table truth.call_list_members as
select campaign_id, person_key, min(listed_at) as listed_at
from call_list_members
inner join sales_leads using (lead_key)
group by all
order by all;

create table truth.calls as
with
held as (
    select task_key as call_key, lead_key, done_at as called_at, call_result, talk_seconds from tasks where type = 'Call' and is_done
    union all
    -- In the calendar, without a result.
    select 8000000000000 + meeting_key, lead_key, starts_at, null, null
    from meetings
    where type = 'Call' and not is_deleted and starts_at < getvariable('end_at')
),
owned as (
    select held.*, sales_leads.person_key, 'salesforce:' || salesforce_id('005', sales_leads.owner_key) as owner_id
    from held
    inner join sales_leads using (lead_key)
)
select
    owned.person_key,
    owned.owner_id,
    coalesce(lists.campaign_id, 'unattributed') as campaign_id,
    owned.called_at,
    coalesce(owned.call_result in ('Connected', 'Meeting set'), false) as is_connected,
    coalesce(owned.call_result = 'Meeting set', false) as is_meeting_agreed,
    owned.talk_seconds
from owned
asof left join truth.call_list_members as lists on owned.person_key = lists.person_key and owned.called_at >= lists.listed_at
order by owned.call_key;

create table truth.attendance as
select
    'zoom_webinar:' || webinars.webinar_id as content_id,
    attendance.person_key,
    webinars.starts_at,
    min(attendance.registered_at) as registered_at,
    bool_or(attendance.is_attended) as is_attended,
    bool_or(attendance.is_survey_answered) as is_survey_answered,
    bool_or(attendance.is_promising) as is_promising,
    coalesce(bool_or(
        journeys.meeting_at >= webinars.starts_at and journeys.meeting_at < webinars.starts_at + interval 30 day
    ), false) as has_meeting
from attendance
inner join webinars using (webinar_key)
left join truth.journeys using (person_key)
where webinars.starts_at < getvariable('end_at')
group by all
order by all;

create table truth.enrolments as
select person_key, enrolled_at, completed_at, unenrolled_at
from enrolments
order by enrolled_at, contact_key;

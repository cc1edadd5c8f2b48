-- Tasks and calendar events. A converted lead's activities move to the contact, as the CRM does it.
create table tasks as
with
drawn as (
    -- The first try, and further ones.
    select lead_key * 10 as task_key, lead_key, tried_at as done_at, true as is_done, 'Call' as type
    from sales_work
    where tried_at is not null
    union all
    select
        lead_key * 10 + attempt,
        lead_key,
        whole_s(later(tried_at, 86400 * attempt * between_numbers(0.5, 3, 'further try', lead_key * 10 + attempt))),
        true,
        pick(['Call', 'Call', 'Email'], 'try type', lead_key * 10 + attempt)
    from sales_work, range(1, 4) as attempts (attempt)
    where tried_at is not null and u('further tries', lead_key * 10 + attempt) < 0.4
    union all
    -- Planned and never done; before the first try and after.
    select lead_key * 10 + 5, lead_key, whole_s(later(from_at, 1800)), false, 'Call'
    from sales_work
    where u('task left open', lead_key) < 0.15
    union all
    select lead_key * 10 + 6, lead_key, woken_at, true, 'Call'
    from sales_work
    where woken_at is not null
),
-- The last call before a first meeting is the one that agreed on it.
agreed as (
    select lead_key, max(done_at) as done_at
    from drawn
    inner join sales_work using (lead_key)
    where type = 'Call' and is_done and done_at < meeting_at
    group by lead_key
)
select
    drawn.*,
    salesforce_id('00T', task_key) as salesforce_id,
    -- Entered before it is done.
    whole_s(done_at - interval 5 minute) as created_at,
    case
        when type <> 'Call' or not is_done then null
        when agreed.lead_key is not null or (task_key % 10 = 6 and sales_work.is_awake) then 'Meeting set'
        else pick(['Connected', 'No answer', 'Connected', 'Left message'], 'call result', task_key)
    end as call_result,
    case
        when call_result in ('Connected', 'Meeting set') then (lognormal(140, 0.9, 'talk', task_key))::int
        when call_result is not null then (5 + 25 * u('ringing', task_key))::int
    end as talk_seconds
from drawn
inner join sales_work using (lead_key)
left join agreed using (lead_key, done_at)
where drawn.done_at < getvariable('end_at');

create table meetings as
with
drawn as (
    select
        lead_key * 10 as meeting_key, lead_key, null::bigint as opportunity_key, meeting_at as starts_at, 'Meeting' as type,
        false as is_deleted
    from sales_work
    where meeting_at is not null
    union all
    -- Cancelled: deleted from the calendar.
    select
        lead_key * 10 + 1, lead_key, null, whole_s(later(tried_at, 86400 * between_numbers(0.1, 2, 'cancelled', lead_key))),
        'Meeting', true
    from sales_work
    where tried_at is not null and u('cancelled meeting', lead_key) < 0.04
    union all
    select
        lead_key * 10 + 2, lead_key, null, whole_s(later(tried_at, 86400 * between_numbers(1, 9, 'web call', lead_key))),
        'Call', false
    from sales_work
    where tried_at is not null and u('calendar call', lead_key) < 0.05
    union all
    select lead_key * 10 + 3, lead_key, null, whole_s(later(woken_at, 86400 * between_numbers(2, 12, 'meeting after sleep', lead_key))),
        'Meeting', false
    from sales_work
    where woken_at is not null and is_awake
    union all
    -- Proposals are talked through: a meeting on the opportunity, without naming anybody.
    select opportunity_key * 10 + 9, null, opportunity_key, stage_3_at + interval 2 day, 'Meeting', false
    from opportunities
    where stage_3_at is not null and u('proposal meeting', opportunity_key) < 0.5
)
select
    *,
    salesforce_id('00U', meeting_key) as salesforce_id,
    -- Meetings stand in the calendar before they are held, some of them still to come.
    whole_s(starts_at - to_seconds((86400 * between_numbers(0.02, 0.9, 'booked', meeting_key))::bigint)) as created_at
from drawn
where created_at < getvariable('end_at');

-- Who stands on which call list.
create table call_list_members as
with
listed as (
    select lead_key, '新規リード架電リスト' as label, created_at + interval 10 minute as listed_at
    from sales_leads
    where is_in_crm and u('on call list', lead_key) < 0.7
    union all
    select lead_key, '休眠掘り起こしリスト', woken_at - interval 3 hour
    from sales_work
    where woken_at is not null
)
select listed.lead_key, campaigns.campaign_key, campaigns.campaign_id, whole_s(listed.listed_at) as listed_at
from listed
inner join campaigns
    on campaigns.type = 'Telemarketing' and starts_with(campaigns.label, listed.label)
    and business_day(listed.listed_at) between campaigns.started_on and campaigns.ended_on
where listed.listed_at < getvariable('end_at');

-- The industry of a person's company, where the tools can know the company: by a business address, by the CRM's account of a
-- buyer, or by a name that no other company has.
create table segments as
select
    people.person_key,
    case
        when not people.is_free_mail and cards.card_key is null then accounts.industry
        when people.person_key in (select person_key from buyers) then accounts.industry
        when accounts.name in (select name from accounts group by name having count(*) = 1) then accounts.industry
        else 'unknown'
    end as segment
from people
inner join accounts using (account_key)
-- Who left only a card without a true address.
left join cards on people.person_key = cards.card_key and (cards.is_without_email or cards.is_placeholder);

create table journey_starts as
with
begun as (
    select
        journey_key,
        any_value(person_key) as person_key,
        any_value(journey_number)::int as journey_number,
        min(created_at) as created_at,
        coalesce(
            'salesforce:' || salesforce_id(
                '005', arg_max(owner_key, (created_at, source_system, record_id)) filter (where owner_key is not null)
            ),
            'unassigned'
        ) as owner_id,
        coalesce(arg_min(channel, (created_at, source_system, record_id)) filter (where channel is not null), 'unattributed') as channel,
        coalesce(arg_min(campaign_id, (created_at, source_system, record_id)) filter (where campaign_id is not null), 'unattributed')
            as campaign_id,
        coalesce(min(crm_mql_at), min(marketing_mql_at)) as mql_at,
        bool_or(coalesce(is_accepting, false)) as is_accepted,
        case when max(bant_at) is not null and max(next_step_at) is not null then greatest(max(bant_at), max(next_step_at)) end as sql_at
    from lead_records
    group by journey_key
),
following as (
    select *, lag(created_at) over (partition by person_key order by journey_number) as former_created_at
    from begun
),
-- The form that the person sent first, from the day after the journey before began to the day after this one did.
took as (
    select following.journey_key, arg_min(forms.form_key, (submissions.submitted_at, forms.form_id)) as form_key
    from following
    inner join submissions
        on following.person_key = submissions.person_key % 2000000000
        and submissions.submitted_at <= following.created_at + interval 1 day
        and coalesce(submissions.submitted_at > following.former_created_at + interval 1 day, true)
    inner join forms using (form_key)
    group by following.journey_key
)
select
    following.* exclude (former_created_at),
    segments.segment,
    coalesce('hubspot:' || forms.form_id, 'unattributed') as content_id,
    case
        when took.form_key is not null then ['document', 'contact', 'demo', 'whitepaper', 'webinar', 'pricing'][took.form_key]
        when campaigns.type = 'Webinar' then 'webinar'
        when campaigns.type = 'Exhibition' then 'trade_show'
        when campaigns.type = 'Other' then 'contact'
        when following.channel = 'event' then 'trade_show'
        when following.channel = 'unattributed' then 'unattributed'
        else 'other'
    end as conversion_point
from following
inner join segments using (person_key)
left join took using (journey_key)
left join forms using (form_key)
left join campaigns using (campaign_id);

-- An opportunity belongs to the journey of the lead it came from, else to the buyer's latest journey begun before it.
create table truth.opportunities as
select
    opportunities.salesforce_id as opportunity_id,
    opportunities.person_key,
    coalesce(lead_records.journey_key, earlier.journey_key) as journey_key,
    coalesce(starts.channel, 'unattributed') as channel,
    coalesce(starts.campaign_id, 'unattributed') as campaign_id,
    coalesce(starts.content_id, 'unattributed') as content_id,
    accounts.industry as segment,
    coalesce(starts.conversion_point, 'unattributed') as conversion_point,
    'salesforce:' || salesforce_id('005', opportunities.owner_key) as owner_id,
    opportunities.created_at,
    -- Without a history only the close date tells.
    case
        when opportunities.closed_at is not null and opportunities.is_without_history then business_midnight(opportunities.close_on)
        else opportunities.closed_at
    end as closed_at,
    opportunities.closed_at is not null as is_closed,
    opportunities.closed_at is not null and opportunities.is_winner as is_won,
    case
        when opportunities.closed_at is not null or opportunities.stage_4_at is not null then opportunities.amount
        when opportunities.stage_3_at is not null then opportunities.first_amount
    end as amount
from opportunities
inner join people on opportunities.person_key = people.person_key
inner join accounts using (account_key)
left join lead_records on opportunities.lead_key = lead_records.lead_key
asof left join (select journey_key, person_key, created_at from journey_starts) as earlier
    on case when opportunities.is_contact_named then opportunities.person_key end = earlier.person_key
    and opportunities.created_at >= earlier.created_at
left join journey_starts as starts on starts.journey_key = coalesce(lead_records.journey_key, earlier.journey_key)
order by opportunity_id;

create table truth.journeys as
with
tries as (
    select journey_key, min(tried_at) as tried_at
    from (
        select lead_key, done_at as tried_at from tasks where is_done
        union all
        select lead_key, starts_at from meetings where not is_deleted and starts_at < getvariable('end_at')
    )
    inner join lead_records using (lead_key)
    group by journey_key
),
held as (
    select coalesce(lead_records.journey_key, opportunities.journey_key) as journey_key, meetings.starts_at
    from meetings
    left join lead_records using (lead_key)
    left join truth.opportunities as opportunities on salesforce_id('006', meetings.opportunity_key) = opportunities.opportunity_id
    where meetings.type = 'Meeting' and not meetings.is_deleted and meetings.starts_at < getvariable('end_at')
),
met as (
    select journey_key, min(starts_at) as meeting_at, max(starts_at) as last_meeting_at
    from held
    where journey_key is not null
    group by journey_key
),
results as (
    select
        journey_key,
        min(created_at) as opportunity_at,
        min(closed_at) filter (where is_won) as won_at,
        case when bool_and(is_closed and not is_won) then max(closed_at) end as lost_at,
        sum(amount) filter (where is_won)::bigint as won_amount
    from truth.opportunities
    where journey_key is not null
    group by journey_key
),
recorded as (
    select
        journey_starts.*,
        case
            when is_accepted and mql_at is not null and tries.tried_at <= greatest(mql_at, created_at) + interval 24 hour
                then tries.tried_at
        end as sal_at,
        met.* exclude (journey_key),
        results.* exclude (journey_key)
    from journey_starts
    left join tries using (journey_key)
    left join met using (journey_key)
    left join results using (journey_key)
),
-- A stage that was skipped was reached with the next one, ...
filled as (
    select
        * replace (
            coalesce(mql_at, sal_at, sql_at, opportunity_at) as mql_at,
            coalesce(sal_at, sql_at, opportunity_at) as sal_at,
            coalesce(sql_at, opportunity_at) as sql_at
        )
    from recorded
),
-- ... and none stands before the one below it.
moved as (
    select
        * replace (
            case when mql_at is not null then greatest(created_at, mql_at) end as mql_at,
            case when sal_at is not null then greatest(created_at, mql_at, sal_at) end as sal_at,
            case when sql_at is not null then greatest(created_at, mql_at, sal_at, sql_at) end as sql_at,
            case when opportunity_at is not null then greatest(created_at, mql_at, sal_at, sql_at, opportunity_at) end as opportunity_at,
            case when won_at is not null then greatest(created_at, mql_at, sal_at, sql_at, opportunity_at, won_at) end as won_at,
            case when lost_at is not null then greatest(created_at, mql_at, sal_at, sql_at, opportunity_at, lost_at) end as lost_at
        )
    from filled
)
select
    moved.* exclude (is_accepted, last_meeting_at),
    coalesce(last_meeting_at >= mql_at, false) as has_meeting_since_mql,
    not people.is_free_mail and accounts.is_target and cards.card_key is null as is_valid_lead
from moved
inner join people using (person_key)
inner join accounts using (account_key)
-- Who left only a card without a true address can't be placed.
left join cards on moved.person_key = cards.card_key and (cards.is_without_email or cards.is_placeholder)
order by journey_key;

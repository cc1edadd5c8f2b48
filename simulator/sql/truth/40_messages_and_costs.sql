create table truth.messages as
with
reactions as (
    select
        message_key,
        min(created_at) filter (where type = 'OPEN') as first_opened_at,
        count(*) filter (where type = 'OPEN') as open_count,
        min(created_at) filter (where type = 'CLICK') as first_clicked_at,
        count(*) filter (where type = 'CLICK') as click_count
    from email_events
    where not is_filtered
    group by message_key
)
select
    uuid_of('mail event', messages.message_key * 10) as sent_event_id,
    contacts.person_key,
    mails.campaign_code as campaign_id,
    'hubspot:' || mails.email_campaign_id as content_id,
    messages.sent_at,
    messages.delivered_at,
    messages.bounced_at,
    reactions.first_opened_at,
    reactions.open_count,
    reactions.first_clicked_at,
    reactions.click_count,
    messages.unsubscribed_at
from messages
inner join contacts using (contact_key)
inner join mails using (mail_key)
inner join reactions using (message_key)
order by messages.message_key;

create table truth.costs as
select
    'google_ads' as source_system,
    day as occurred_on,
    case type when 'Search' then 'paid_search' else 'display' end as channel,
    code as campaign_id,
    -- As far as it had been restated by the end.
    cost_as_reported(cost, date_diff('day', day, getvariable('end_on'))) as amount,
    true as is_acquisition
from ad_costs
union all
select
    'expenses', spent_on, coalesce(canonical_channel, 'unattributed'), coalesce(campaign_code, 'unattributed'), amount, is_acquisition
from expenses
order by all;

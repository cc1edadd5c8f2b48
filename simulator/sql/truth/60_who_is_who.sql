-- People and the records that speak of them. What nobody could find out from the exports is not knowable.
create macro visitor_person(device_key) as 10000000000 + device_key;

create table truth.people as
select
    people.person_key,
    people.kind,
    people.account_key,
    people.is_free_mail,
    people.is_role_mailbox,
    false as is_bot,
    -- A second address that nothing links makes two of one; a shared mailbox makes one of two.
    not (
        exists (from contacts where contacts.person_key = people.person_key and contacts.role = 'unlinked')
        or exists (from submissions where submissions.person_key = 2000000000 + people.person_key)
    ) as is_knowable
from people
union all
select distinct person_key, 'colleague', null::bigint, false, true, false, false from submissions where person_key > 2000000000
union all
select distinct
    visitor_person(device_key), case when is_bot then 'bot' else 'visitor' end, null::bigint, null::boolean, false, is_bot, false
from hits
where device_key < 95000000
order by 1;

create table truth.accounts as
select 'hubspot' as source_system, (30000000000 + account_key * 7)::varchar as record_id, account_key, domain, is_target from accounts
union all
select distinct 'salesforce', salesforce_id('001', account_key), account_key, domain, is_target
from buyers
inner join people using (person_key)
inner join accounts using (account_key)
order by 1, 2;

create table truth.records as
with
-- A contact that was created and merged away between two deliveries was never handed over.
delivered as (
    select
        *,
        case when created_at < getvariable('nights_at') then getvariable('nights_at') else business_midnight(business_day(created_at) + 1) end
            as first_delivery_at
    from contacts
),
seen_on as (
    select device_key, person_key from hits where person_key is not null and device_key >= 95000000
    union
    select device_key, person_key from submissions where is_tracked
),
devices as (
    select device_key, min(person_key) as person_key, count(distinct person_key) as persons
    from seen_on
    group by device_key
),
-- A form tells whose browser it is, unless a role mailbox or an address that nothing links was typed into it.
tracked as (
    select submissions.device_key
    from submissions
    inner join contacts using (contact_key)
    inner join people on contacts.person_key = people.person_key
    where submissions.is_tracked
    group by submissions.device_key
    having bool_and(not people.is_role_mailbox and contacts.role <> 'unlinked')
)
select 'hubspot' as source_system, 'contact' as record_type, hubspot_id as record_id, person_key, role <> 'unlinked' as is_knowable
from delivered
where coalesce(merged_at >= first_delivery_at, true)
union all
select 'salesforce', 'lead', sales_leads.salesforce_id, sales_leads.person_key, true from sales_leads where is_in_crm
union all
select 'salesforce', 'lead', salesforce_id, person_key, true from second_entries
union all
select 'salesforce', 'contact', salesforce_id('003', buyer_key), person_key, true from buyers
union all
select 'business_cards', 'lead', 'M' || lpad(card_key::varchar, 10, '0'), person_key, true from cards
union all
-- Behind a role mailbox may be anybody.
select distinct 'zoom_webinar', 'attendee', lower(trim(attendance.email)), person_key, not people.is_role_mailbox
from attendance
inner join people using (person_key)
union all
-- A browser is tied to a person by a form or a login; a shared one to nobody.
select
    'ga4', 'anonymous_id', client_id(devices.device_key), case when devices.persons = 1 then devices.person_key end,
    devices.persons = 1 and tracked.device_key is not null
from devices
left join tracked using (device_key)
union all
select distinct 'ga4', 'anonymous_id', client_id(device_key), visitor_person(device_key), false
from hits
where device_key < 95000000
order by 1, 2, 3;

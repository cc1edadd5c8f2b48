-- The step mails' workflow: everybody who becomes a lead is enrolled, and leaves it early once sales has got somewhere.
create table enrolments as
with
progress as (
    select sales_leads.person_key, min(sales_work.bant_1_at) as bant_at
    from sales_leads
    inner join sales_work using (lead_key)
    where sales_leads.journey_number = 1
    group by sales_leads.person_key
),
begun as (
    select contacts.contact_key, contacts.hubspot_id, contacts.person_key, contacts.lead_at + interval 1 minute as enrolled_at, progress.bant_at
    from contacts
    left join progress on contacts.person_key = progress.person_key and contacts.role = 'main'
    where contacts.lead_at is not null and contacts.lead_at + interval 1 minute < getvariable('end_at')
)
select
    contact_key,
    hubspot_id,
    person_key,
    enrolled_at,
    case when bant_at between enrolled_at and enrolled_at + interval 7 day then bant_at end as unenrolled_at,
    case when unenrolled_at is null then known(enrolled_at + interval 7 day + interval 20 minute) end as completed_at
from begun;

create table workflows as
select *, getvariable('start_at') - interval 30 day as created_at
from (values (70001, 'ステップメール：新規リード育成', 11, 12, 13))
    as workflows (workflow_id, name, enrolled_list, completed_list, succeeded_list);

create table lists as
select *
from (
    values
    (1, 'メールマガジン購読者'), (2, '見込み客（リード）'), (3, 'ウェビナー案内先'),
    (11, 'ワークフロー登録済み'), (12, 'ワークフロー完了'), (13, 'ワークフロー目標達成')
) as lists (list_key, name);

create table list_members as
select unnest([1, 3]) as list_key, contact_key, hubspot_id, created_at as joined_at from contacts
union all
select 2, contact_key, hubspot_id, lead_at from contacts where lead_at is not null
union all
select 11, contact_key, hubspot_id, enrolled_at from enrolments
union all
select 12, contact_key, hubspot_id, completed_at from enrolments where completed_at is not null
union all
select 13, contact_key, hubspot_id, unenrolled_at from enrolments where unenrolled_at is not null;

-- What an analysis should find: effects of marketing, and hand-offs between teams that went wrong.
create table truth.effects as
select effect_id, kpi_id, dimension, treated, control, factor, started_on, description
from effects
order by effect_id;

create table truth.handoff_errors as
select 'mql_without_owner' as error_kind, 'lead' as record_type, salesforce_id as record_id, person_key, marked_at as since_at
from sales_leads
inner join sales_work using (lead_key)
where sales_work.is_in_queue and marked_at is not null
union all
-- The CRM says accepted; nobody tried to reach the person.
select 'sal_without_touch', 'lead', sales_leads.salesforce_id, sales_leads.person_key, sales_work.accepted_only_at
from sales_leads
inner join sales_work using (lead_key)
where sales_work.accepted_only_at is not null
union all
select 'sql_without_opportunity', 'journey', journey_key::varchar, person_key, sql_at
from truth.journeys
where sql_at is not null and opportunity_at is null
union all
select 'opportunity_without_lead', 'opportunity', opportunity_id, person_key, created_at
from truth.opportunities
where journey_key is null
union all
-- Entered under another name than the lead's, or under that of somebody who has left.
select 'wrong_owner', 'opportunity', opportunities.salesforce_id, opportunities.person_key, opportunities.created_at
from opportunities
left join sales_leads using (lead_key)
where coalesce(opportunities.owner_key <> sales_leads.owner_key, false) or opportunities.owner_key = 12
order by all;

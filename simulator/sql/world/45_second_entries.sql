-- A list import enters a lead once more; a rep merges the two while the lead is still open.
create table second_entries as
with
drawn as (
    select
        sales_leads.lead_key as winner_lead_key,
        sales_leads.salesforce_id as winner_id,
        sales_leads.person_key,
        sales_leads.lead_key + 5 as lead_key,
        1 + sales_leads.owner_key % 12 as owner_key,
        whole_s(later(sales_leads.created_at, 86400 * between_numbers(0.5, 6, 'second entry', sales_leads.lead_key))) as created_at
    from sales_leads
    inner join sales_work using (lead_key)
    where
        u('entered twice', sales_leads.lead_key) < 0.05
        and sales_work.converted_at is null and sales_work.outcome <> 'recycled'
)
select
    *,
    salesforce_id('00Q', lead_key) as salesforce_id,
    case
        when u('late lead merge', winner_lead_key) < 0.4 and created_at < getvariable('nights_at') - interval 1 hour
            then whole_s(
                office_time('lead merge', winner_lead_key, getvariable('nights_at'), getvariable('end_at') - interval 1 hour)
            )
        else whole_s(later(created_at, 86400 * between_numbers(0.1, 9, 'lead merge', winner_lead_key)))
    end as merged_at
from drawn
where merged_at < getvariable('end_at');

-- Leads in the CRM: those marketing hands over, those sales enters itself, and those taken up again after recycling.
create table sales_leads as
with
handed_over as (
    select
        person_key,
        'marketing' as origin,
        whole_s(
            later(
                lead_at,
                case
                    when u('mql at once', person_key) < 0.75 then between_numbers(20, 900, 'mql delay', person_key)
                    else 86400 * lognormal(9, 0.8, 'mql delay', person_key)
                end
            )
        ) + interval 1 second as marked_at,
        greatest(
            whole_s(later(marked_at, between_numbers(-180, 300, 'sync', person_key))),
            whole_s(lead_at) + interval 5 second
        ) as created_at,
        case when u('lead source empty', person_key) > 0.05 then 'Web' end as lead_source,
        null::bigint as campaign_key
    from marketing_leads
    inner join people using (person_key)
    where
        lead_at is not null and people.alias_kind is distinct from 'unlinked' and u('mql', person_key) < 0.38
),
from_cards as (
    select
        person_key,
        'card' as origin,
        whole_s(
            office_time('card mql', person_key, business_midnight(exchanged_on + 1), business_midnight(exchanged_on + 20))
        ) as marked_at,
        marked_at + interval 40 second as created_at,
        'Exhibition' as lead_source,
        null::bigint as campaign_key
    from cards
    where
        card_key = person_key and not is_without_email and not is_placeholder and u('mql', person_key) < 0.17
),
entered as (
    select
        person_key,
        'sales' as origin,
        whole_s(office_time('entered', person_key, getvariable('start_at'), getvariable('end_at') - interval 1 hour)) as created_at,
        case
            when u('mql', person_key) < 0.8 then whole_s(later(created_at, between_numbers(30, 900, 'mql delay', person_key)))
        end as marked_at,
        pick(['Partner', 'Partner', 'Referral', 'Phone Inquiry', 'Phone Inquiry', 'Exhibition'], 'lead source', person_key) as lead_source,
        (
            select min(campaign_key)
            from campaigns
            where
                campaigns.type = case lead_source when 'Partner' then 'Partners' when 'Phone Inquiry' then 'Other' end
                and u('campaign named', person_key) < 0.8
        ) as campaign_key
    from people
    where kind = 'direct'
),
first_leads as (
    select * from handed_over
    union all by name
    select * from from_cards
    union all by name
    select * from entered
),
marked as (
    select *, marked_at is not null and u('recycled', person_key) < 0.12 as is_recycled
    from first_leads
),
taken_up as (
    select
        person_key,
        origin,
        whole_s(later(created_at, 86400 * between_numbers(100, 170, 'second lead', person_key))) as taken_up_at,
        pick(['Referral', 'Phone Inquiry', 'Email', 'Partner'], 'second lead source', person_key) as lead_source
    from marked
    where is_recycled
),
numbered as (
    select *, 1 as journey_number
    from marked
    union all by name
    select
        person_key,
        origin,
        taken_up_at as created_at,
        taken_up_at + interval 3 minute as marked_at,
        lead_source,
        2 as journey_number,
        false as is_recycled
    from taken_up
)
select
    person_key * 10 + journey_number as lead_key,
    salesforce_id('00Q', lead_key) as salesforce_id,
    numbered.*,
    -- The sync fails for a few: marketing marked them, the CRM never heard of them, or lost the mark.
    origin <> 'marketing' or journey_number = 2 or u('sync fails', lead_key) > 0.03 as is_in_crm,
    origin = 'marketing' and journey_number = 1 and u('mark lost', lead_key) < 0.02 as is_mark_lost,
    -- Owner 12 has left the company.
    case when hash(lead_key) % 50 = 0 then 12 else 1 + (hash(lead_key) % 11)::int end as owner_key
from numbered
where created_at < getvariable('end_at') and coalesce(marked_at < getvariable('end_at'), true);

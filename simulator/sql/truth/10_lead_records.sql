-- Every lead record of every tool with what it says at the end (docs/definitions.md, 'Lead journey').
create schema truth;

create macro channel_of_lead_source(source) as
    case source
        when 'Web' then 'direct' when 'Exhibition' then 'event' when 'Partner' then 'partner' when 'Referral' then 'referral'
        when 'Email' then 'email' when 'Phone Inquiry' then 'other' when 'Other' then 'other'
    end;

create table lead_records as
with
marketing as (
    select
        contacts.person_key,
        'hubspot' as source_system,
        'contact' as record_type,
        contacts.hubspot_id as record_id,
        contacts.lead_at as created_at,
        contacts.hubspot_channel as channel,
        contacts.campaign_code as campaign_id,
        false as can_begin_journey,
        case when contacts.role = 'main' then whole_ms(sales_leads.marked_at) + interval 137 millisecond end as marketing_mql_at
    from contacts
    left join sales_leads on contacts.person_key = sales_leads.person_key and sales_leads.journey_number = 1
    where contacts.lead_at is not null
),
crm as (
    select
        sales_leads.person_key,
        'salesforce' as source_system,
        'lead' as record_type,
        sales_leads.salesforce_id as record_id,
        sales_leads.created_at,
        channel_of_lead_source(sales_leads.lead_source) as channel,
        campaigns.campaign_id,
        true as can_begin_journey,
        sales_leads.lead_key,
        case when not sales_work.is_in_queue then sales_leads.owner_key end as owner_key,
        case when not sales_leads.is_mark_lost then sales_leads.marked_at end as crm_mql_at,
        sales_work.recycled_at is not null as is_recycled,
        -- Working, Qualified, Recycled and Closed - Converted are accepting; Open and Unqualified are not.
        sales_work.accepted_only_at is not null
        or sales_work.tried_at is not null and sales_work.unqualified_at is null
        and (not sales_work.is_status_forgotten or sales_work.converted_at is not null) as is_accepting,
        list_sort(list_filter([bant_1_at, bant_2_at, bant_3_at], lambda t: t is not null))[2] as bant_at,
        sales_work.next_step_at
    from sales_leads
    inner join sales_work using (lead_key)
    left join campaigns using (campaign_key)
    union all by name
    -- All were merged away by the end: their owners own nothing any more.
    select
        person_key, 'salesforce' as source_system, 'lead' as record_type, salesforce_id as record_id, created_at, 'other' as channel,
        true as can_begin_journey, lead_key, false as is_recycled, false as is_accepting
    from second_entries
),
files as (
    select
        person_key, 'business_cards' as source_system, 'lead' as record_type, 'M' || lpad(card_key::varchar, 10, '0') as record_id,
        business_midnight(exchanged_on) as created_at, 'event' as channel, campaign_code as campaign_id, true as can_begin_journey,
        false as is_recycled
    from cards
),
unioned as (
    from marketing
    union all by name
    from crm
    union all by name
    from files
),
-- The record after a recycled one begins the person's next journey; a marketing contact never does.
beginnings as (
    select
        source_system,
        record_id,
        coalesce(lag(is_recycled) over (partition by person_key order by created_at, record_id), false) as begins_journey
    from unioned
    where can_begin_journey
)
select
    unioned.*,
    1 + (sum(coalesce(begins_journey, false)::int) over (
        partition by person_key order by created_at range between unbounded preceding and current row
    ))::bigint as journey_number,
    person_key * 100 + journey_number as journey_key
from unioned
left join beginnings using (source_system, record_id);

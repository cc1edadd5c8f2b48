with
crm as (
    select
        sales_leads.person_key,
        max(sales_leads.salesforce_id) filter (where sales_leads.created_at < getvariable('until')) as lead_id,
        max(seen(sales_leads.created_at)) as synced_at,
        max(seen(sales_work.converted_at)) as converted_at
    from sales_leads
    left join sales_work using (lead_key)
    where sales_leads.is_in_crm
    group by sales_leads.person_key
),
crm_contacts as (
    select person_key, max(salesforce_id('003', buyer_key)) as contact_id
    from buyers
    where created_at < getvariable('until')
    group by person_key
),
marks as (
    select person_key, min(seen(marked_at)) as mql_at
    from sales_leads
    where journey_number = 1
    group by person_key
),
losers as (
    select person_key, hubspot_id as loser_id, email as loser_email, merged_at
    from contacts
    where merged_at < getvariable('until')
),
optouts as (
    select contact_key, min(seen(unsubscribed_at)) as unsubscribed_at
    from messages
    group by contact_key
),
stated as (
    select
        contacts.contact_key,
        contacts.hubspot_id,
        contacts.role,
        contacts.email,
        contacts.created_at,
        contacts.hubspot_source,
        contacts.campaign_code,
        people.* exclude (person_key, email),
        accounts.name as account_name,
        seen(contacts.lead_at) as lead_at,
        case when contacts.role = 'main' then whole_ms(marks.mql_at) + interval 137 millisecond end as mql_at,
        case when contacts.role = 'main' then crm.lead_id end as lead_id,
        case when contacts.role = 'main' then crm_contacts.contact_id end as crm_contact_id,
        case when contacts.role = 'main' then losers.loser_id end as loser_id,
        case when contacts.role = 'main' then losers.loser_email end as loser_email,
        optouts.unsubscribed_at,
        greatest(
            contacts.created_at,
            seen(contacts.lead_at),
            optouts.unsubscribed_at,
            case when contacts.role = 'main' then greatest(marks.mql_at, crm.synced_at, crm.converted_at, losers.merged_at) end,
            -- Scores and page counts are touched up every now and then.
            seen(later(contacts.created_at, 86400 * 60 * u('touched up', contacts.contact_key)))
        ) as updated_at
    from contacts
    inner join people using (person_key)
    inner join accounts using (account_key)
    left join crm using (person_key)
    left join crm_contacts using (person_key)
    left join marks using (person_key)
    left join losers using (person_key)
    left join optouts on contacts.contact_key = optouts.contact_key
    -- A contact that was merged away is no longer given out: its winner names it.
    where contacts.created_at < getvariable('until') and coalesce(contacts.merged_at >= getvariable('until'), true)
)
select
    contact_key as position,
    to_json({
        'id': hubspot_id,
        'properties': {
            'createdate': iso_ms(created_at),
            'email': email,
            'hs_additional_emails': loser_email,
            'firstname': case when u('romaji', contact_key) < 0.05 then first_name_roman else first_name end,
            'lastname': case
                when u('romaji', contact_key) < 0.05 then last_name_roman
                when u('variant', contact_key) < 0.5 then replace(last_name, '高', '髙')
                else last_name
            end,
            'phone': phone_written(phone, 'hubspot', contact_key),
            'company': case when u('company empty', contact_key) > 0.1 then company_written(account_name, 'hubspot', contact_key) end,
            'jobtitle': case when u('title empty', contact_key) > 0.25 then title end,
            'state': null,
            'industry': null,
            'numemployees': null,
            'lifecyclestage': case
                when crm_contact_id is not null then 'opportunity' when mql_at is not null then 'marketingqualifiedlead'
                when lead_at is not null then 'lead' else 'subscriber'
            end,
            'hs_lead_status': case when lead_id is not null then 'IN_PROGRESS' end,
            'hubspotscore': (10 * floor(10 * u('score', contact_key)))::int::varchar,
            'hubspot_owner_id': null,
            'associatedcompanyid': case when not is_free_mail then (30000000000 + account_key * 7)::varchar end,
            'salesforceleadid': lead_id,
            'salesforcecontactid': crm_contact_id,
            'hs_merged_object_ids': loser_id,
            'hs_email_optout': case when unsubscribed_at is not null then 'true' end,
            -- Most who sent a form ticked its box; of the others nothing is known but that they were collected.
            'hs_legal_basis': case
                when lead_at is null then null
                when u('consent', contact_key) < 0.7 then 'Legitimate interest – prospect/lead;Freely given consent from contact'
                else 'Legitimate interest – prospect/lead'
            end,
            'hs_analytics_source': hubspot_source,
            'hs_analytics_source_data_1': case hubspot_source
                when 'ORGANIC_SEARCH' then 'Google' when 'REFERRALS' then 'b2b-media.example' when 'SOCIAL_MEDIA' then 'Facebook'
                when 'OFFLINE' then 'IMPORT' else as_written(campaign_code, 'hubspot')
            end,
            'hs_analytics_source_data_2': null,
            'hs_lifecyclestage_lead_date': iso_ms(lead_at),
            'hs_lifecyclestage_marketingqualifiedlead_date': iso_ms(mql_at),
            'hs_object_id': hubspot_id,
            'hs_timezone': 'Asia/Tokyo',
            'lastmodifieddate': iso_ms(updated_at)
        },
        'createdAt': iso_ms(created_at),
        'updatedAt': iso_ms(updated_at),
        'archived': false
    })::varchar as record
from stated
where delivered(updated_at)

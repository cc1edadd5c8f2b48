-- Links between records and identifiers, cookies apart. Each end is a node; whatever is connected is one person (or,
-- among accounts, one account).
with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

accounts as (
    select * from {{ ref('int_canonical__accounts') }}
),

merged_records as (
    select * from {{ ref('int_canonical__merges') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

addresses as (
    select * from {{ ref('int_identity__addresses') }}
),

free_mail_domains as (
    select * from {{ ref('free_mail_domains') }}
),

placeholder_values as (
    select * from {{ ref('placeholder_values') }}
    where kind = 'any'
),

hubspot_contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

salesforce_leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

salesforce_contacts as (
    select * from {{ ref('stg_salesforce__contacts') }}
),

person_emails as (
    select
        record_key,
        source_system,
        record_type,
        created_at,
        unnest(list_distinct(list_append(additional_emails, email))) as email
    from persons
),

email_links as (
    select
        person_emails.record_key as left_key,
        'email|' || emails.normalised_email as right_key,
        'email' as rule,
        person_emails.email as evidence,
        min(person_emails.created_at) as first_seen_at,
        case
            when emails.is_placeholder then 'placeholder address'
            when emails.is_role then 'role mailbox: several people read it'
        end as refused_reason
    from person_emails
    inner join emails
        on person_emails.email = emails.email
    group by all
),

-- A tool that keys people on the e-mail address knows whose address it is, even that of a role mailbox.
address_owners as (
    select
        source_system,
        lower({{ cleaned('email') }}) as email,
        min(record_key) as record_key
    from person_emails
    where record_type not in ('subscriber', 'attendee')
    group by source_system, lower({{ cleaned('email') }})
    having count(distinct record_key) = 1
),

same_tool_links as (
    select
        persons.record_key as left_key,
        address_owners.record_key as right_key,
        'address_in_tool' as rule,
        persons.email as evidence,
        persons.created_at as first_seen_at
    from persons
    inner join address_owners
        on
            persons.source_system = address_owners.source_system
            and persons.record_id = address_owners.email
    where persons.record_type = 'subscriber'
),

external_id_links as (
    select
        record_key as left_key,
        'external_id|' || external_id as right_key,
        'external_id' as rule,
        external_id as evidence,
        created_at as first_seen_at,
        case
            when exists (
                select 1 from placeholder_values
                where {{ matches('persons.external_id', 'placeholder_values.pattern') }}
            ) then 'placeholder value'
        end as refused_reason
    from persons
    where external_id is not null
),

merge_links as (
    select
        {{ record_key('source_system', 'record_type', 'loser_record_id') }} as left_key,
        {{ record_key('source_system', 'record_type', 'winner_record_id') }} as right_key,
        'merge' as rule,
        loser_record_id as evidence,
        merged_at as first_seen_at
    from merged_records
),

-- Salesforce: 18-character ids are the 15-character ones with a checksum; either form may be stored.
salesforce_ids as (
    select
        source_system,
        'lead' as record_type,
        lead_id as record_id,
        substring(lead_id, 1, 15) as short_id
    from salesforce_leads

    union all

    select
        source_system,
        'contact' as record_type,
        contact_id as record_id,
        substring(contact_id, 1, 15) as short_id
    from salesforce_contacts
),

hubspot_ids as (
    select source_system, contact_id from hubspot_contacts
    union
    select source_system, unnest(merged_contact_ids) as contact_id from hubspot_contacts
),

-- HubSpot numbers contacts within a portal: with several portals an id is followed only where one portal has it.
unambiguous_hubspot_ids as (
    select contact_id, min(source_system) as source_system
    from hubspot_ids
    group by contact_id
    having count(*) = 1
),

hubspot_to_salesforce as (
    select
        source_system,
        contact_id,
        created_at,
        unnest([salesforce_lead_id, salesforce_contact_id]) as salesforce_id
    from hubspot_contacts
),

salesforce_to_hubspot as (
    select source_system, 'lead' as record_type, lead_id as record_id, hubspot_contact_id, created_at
    from salesforce_leads
    union all
    select source_system, 'contact' as record_type, contact_id as record_id, hubspot_contact_id, created_at
    from salesforce_contacts
),

tool_id_links as (
    select
        {{ record_key('crossing.source_system', "'contact'", 'crossing.contact_id') }} as left_key,
        {{ record_key('ids.source_system', 'ids.record_type', 'ids.record_id') }} as right_key,
        'tool_id' as rule,
        crossing.salesforce_id as evidence,
        crossing.created_at as first_seen_at
    from hubspot_to_salesforce as crossing
    inner join salesforce_ids as ids
        on substring(crossing.salesforce_id, 1, 15) = ids.short_id

    union all

    select
        {{ record_key('crossing.source_system', 'crossing.record_type', 'crossing.record_id') }} as left_key,
        {{ record_key('ids.source_system', "'contact'", 'ids.contact_id') }} as right_key,
        'tool_id' as rule,
        crossing.hubspot_contact_id as evidence,
        crossing.created_at as first_seen_at
    from salesforce_to_hubspot as crossing
    inner join unambiguous_hubspot_ids as ids
        on crossing.hubspot_contact_id = ids.contact_id

    union all

    select
        {{ record_key('source_system', "'lead'", 'lead_id') }} as left_key,
        {{ record_key('source_system', "'contact'", 'converted_contact_id') }} as right_key,
        'lead_conversion' as rule,
        converted_contact_id as evidence,
        created_at as first_seen_at
    from salesforce_leads
    where converted_contact_id is not null
),

account_links as (
    select
        accounts.record_key as left_key,
        'domain|' || addresses.registrable_domain as right_key,
        'account_domain' as rule,
        accounts.domain as evidence,
        cast(null as timestamp) as first_seen_at,
        case when free_mail_domains.domain is not null then 'free-mail domain' end as refused_reason
    from accounts
    inner join addresses
        on accounts.domain = addresses.address
    left join free_mail_domains
        on addresses.registrable_domain = free_mail_domains.domain
    where addresses.registrable_domain is not null

    union all by name

    select
        record_key as left_key,
        {{ record_key('source_system', 'record_type', 'merged_into_record_id') }} as right_key,
        'account_merge' as rule,
        merged_into_record_id as evidence
    from accounts
    where merged_into_record_id is not null
),

unioned as (
    select * from email_links
    union all by name
    select * from same_tool_links
    union all by name
    select * from external_id_links
    union all by name
    select * from merge_links
    union all by name
    select * from tool_id_links
    union all by name
    select * from account_links
),

final as (
    select
        left_key,
        right_key,
        rule,
        evidence,
        first_seen_at,
        refused_reason is null as is_active,
        refused_reason
    from unioned
)

select * from final

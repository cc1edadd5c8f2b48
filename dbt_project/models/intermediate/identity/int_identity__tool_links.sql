-- Links that the tools themselves know: ids that one keeps of another, conversions, merges, enrichment ids.
with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

merged_records as (
    select * from {{ ref('int_canonical__merges') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

person_names as (
    select * from {{ ref('int_identity__person_names') }}
),

placeholder_values as (
    select * from {{ ref('placeholder_values') }}
    where kind = 'any'
),

hubspot_contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

marketo_leads as (
    select * from {{ ref('stg_marketo__leads') }}
),

prospects as (
    select * from {{ ref('stg_account_engagement__prospects') }}
),

salesforce_leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

salesforce_contacts as (
    select * from {{ ref('stg_salesforce__contacts') }}
),

profiles as (
    select
        persons.record_key,
        persons.source_file,
        persons.source_row_number,
        persons.created_at,
        persons.updated_at,
        emails.normalised_email,
        person_names.full_name_key,
        person_names.name_parts,
        person_names.script
    from persons
    left join emails
        on persons.email = emails.email and not emails.is_placeholder and not emails.is_role
    left join person_names
        on persons.full_name = person_names.full_name
),

-- A tool that keys people on the e-mail address knows whose address it is, even that of a role mailbox.
address_owners as (
    select
        source_system,
        lower({{ cleaned('email') }}) as email,
        min(record_key) as record_key
    from (select *, unnest(list_distinct(list_append(additional_emails, email))) as email from persons) as claims
    where record_type not in ('subscriber', 'attendee')
    group by source_system, lower({{ cleaned('email') }})
    having count(distinct record_key) = 1
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

-- HubSpot numbers contacts within a portal, and a Salesforce sandbox repeats the ids of the org it was made from: with
-- several of them an id is followed only where one has it.
unambiguous_hubspot_ids as (
    select contact_id, min(source_system) as source_system
    from hubspot_ids
    group by contact_id
    having count(*) = 1
),

unambiguous_salesforce_ids as (
    select
        short_id,
        min(source_system) as source_system,
        min(record_type) as record_type,
        min(record_id) as record_id
    from salesforce_ids
    group by short_id
    having count(*) = 1
),

marketing_to_salesforce as (
    select
        source_system,
        'contact' as record_type,
        contact_id as record_id,
        unnest([salesforce_lead_id, salesforce_contact_id]) as salesforce_id
    from hubspot_contacts

    union all

    select
        source_system,
        'lead' as record_type,
        lead_id as record_id,
        unnest([salesforce_lead_id, salesforce_contact_id]) as salesforce_id
    from marketo_leads

    union all

    select
        source_system,
        'prospect' as record_type,
        prospect_id as record_id,
        salesforce_id
    from prospects
),

salesforce_to_hubspot as (
    select source_system, 'lead' as record_type, lead_id as record_id, hubspot_contact_id
    from salesforce_leads
    union all
    select source_system, 'contact' as record_type, contact_id as record_id, hubspot_contact_id
    from salesforce_contacts
),

claims as (
    select
        persons.record_key as left_key,
        address_owners.record_key as right_key,
        'address_in_tool' as rule,
        persons.email as evidence
    from persons
    inner join address_owners
        on
            persons.source_system = address_owners.source_system
            and persons.record_id = address_owners.email
    where persons.record_type = 'subscriber'

    union all

    select
        {{ record_key('crossing.source_system', 'crossing.record_type', 'crossing.record_id') }} as left_key,
        {{ record_key('ids.source_system', 'ids.record_type', 'ids.record_id') }} as right_key,
        'tool_id' as rule,
        crossing.salesforce_id as evidence
    from marketing_to_salesforce as crossing
    inner join unambiguous_salesforce_ids as ids
        on substring(crossing.salesforce_id, 1, 15) = ids.short_id

    union all

    select
        {{ record_key('crossing.source_system', 'crossing.record_type', 'crossing.record_id') }} as left_key,
        {{ record_key('ids.source_system', "'contact'", 'ids.contact_id') }} as right_key,
        'tool_id' as rule,
        crossing.hubspot_contact_id as evidence
    from salesforce_to_hubspot as crossing
    inner join unambiguous_hubspot_ids as ids
        on crossing.hubspot_contact_id = ids.contact_id

    union all

    select
        {{ record_key('source_system', "'lead'", 'lead_id') }} as left_key,
        {{ record_key('source_system', "'contact'", 'converted_contact_id') }} as right_key,
        'lead_conversion' as rule,
        converted_contact_id as evidence
    from salesforce_leads
    where converted_contact_id is not null

    union all by name

    -- The loser may be a record unseen: HubSpot no longer exports it, and the winner's row tells of it.
    select
        {{ record_key('source_system', 'record_type', 'loser_record_id') }} as left_key,
        {{ record_key('source_system', 'record_type', 'winner_record_id') }} as right_key,
        'merge' as rule,
        loser_record_id as evidence,
        source_file,
        source_row_number,
        merged_at
    from merged_records

    union all by name

    select
        record_key as left_key,
        'external_id|' || external_id as right_key,
        'external_id' as rule,
        external_id as evidence
    from persons
    where external_id is not null
),

named_ids as (
    select distinct external_id
    from persons
    where external_id is not null
),

placeholder_ids as (
    select distinct found.external_id
    from named_ids as found
    inner join placeholder_values
        on {{ matches('found.external_id', 'placeholder_values.pattern') }}
),

names_of_external_id as (
    select external_id, max(names) as names
    from (
        select
            persons.external_id,
            profiles.script,
            count(distinct profiles.full_name_key) as names
        from persons
        inner join profiles
            on persons.record_key = profiles.record_key
        where persons.external_id is not null
        group by persons.external_id, profiles.script
    ) as of_script
    group by external_id
),

mailboxes_of_external_id as (
    select
        persons.external_id,
        count(distinct profiles.normalised_email) as mailboxes
    from persons
    inner join profiles
        on persons.record_key = profiles.record_key
    where persons.external_id is not null
    group by persons.external_id
),

external_ids as (
    select
        names_of_external_id.external_id,
        names_of_external_id.names,
        mailboxes_of_external_id.mailboxes
    from names_of_external_id
    inner join mailboxes_of_external_id
        on names_of_external_id.external_id = mailboxes_of_external_id.external_id
),

judged as (
    select
        claims.left_key,
        claims.right_key,
        claims.rule,
        claims.evidence,
        coalesce(claims.source_file, claimants.source_file) as source_file,
        coalesce(claims.source_row_number, claimants.source_row_number) as source_row_number,
        -- A merge is told anew with each change of the winner: it can't have been before both records were there.
        case
            when claims.merged_at is null then claimants.created_at
            else greatest(claimants.created_at, claimed.created_at)
        end as first_seen_at,
        coalesce(claims.merged_at, claimants.updated_at) as last_seen_at,
        case
            -- External ids; the joins below find nothing for other rules.
            when placeholder_ids.external_id is not null then 'placeholder value'
            when external_ids.names > {{ identity_limit('external_id', 'person_name') }}
                then 'id of several names: a company''s, or wrong'
            when external_ids.mailboxes > {{ identity_limit('external_id', 'email') }}
                then 'id of many mailboxes'
            when claims.rule <> 'tool_id' then null
            -- A day's grace for clocks that run apart.
            when claimants.updated_at < claimed.created_at - interval '1 day'
                then 'id used again: the record was made after it was named'
            when
                {{ names_differ('claimants', 'claimed') }}
                and claimants.normalised_email <> claimed.normalised_email
                then 'id of another person: neither name nor mailbox agree'
        end as refused_reason
    from claims
    left join profiles as claimants
        on claims.left_key = claimants.record_key
    left join profiles as claimed
        on claims.right_key = claimed.record_key
    left join placeholder_ids
        on claims.rule = 'external_id' and claims.evidence = placeholder_ids.external_id
    left join external_ids
        on claims.rule = 'external_id' and claims.evidence = external_ids.external_id
),

final as (
    select
        left_key,
        right_key,
        rule,
        evidence,
        source_file,
        source_row_number,
        first_seen_at,
        last_seen_at,
        refused_reason
    from judged
)

select * from final

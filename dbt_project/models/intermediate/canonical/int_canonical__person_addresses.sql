-- A tool overwrites an address that changes. What was said of the former one still counts.
with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

hubspot_contact_addresses as (
    select * from {{ ref('stg_hubspot__contact_addresses') }}
),

salesforce_lead_addresses as (
    select * from {{ ref('stg_salesforce__lead_addresses') }}
),

salesforce_contact_addresses as (
    select * from {{ ref('stg_salesforce__contact_addresses') }}
),

marketo_lead_addresses as (
    select * from {{ ref('stg_marketo__lead_addresses') }}
),

prospect_addresses as (
    select * from {{ ref('stg_account_engagement__prospect_addresses') }}
),

file_person_addresses as (
    select * from {{ ref('stg_files__person_addresses') }}
),

ever as (
    select
        {{ record_key('source_system', "'contact'", 'contact_id') }} as record_key,
        email
    from hubspot_contact_addresses
    union
    select
        {{ record_key('source_system', "'lead'", 'lead_id') }} as record_key,
        email
    from salesforce_lead_addresses
    union
    select
        {{ record_key('source_system', "'contact'", 'contact_id') }} as record_key,
        email
    from salesforce_contact_addresses
    union
    select
        {{ record_key('source_system', "'lead'", 'lead_id') }} as record_key,
        email
    from marketo_lead_addresses
    union
    select
        {{ record_key('source_system', "'prospect'", 'prospect_id') }} as record_key,
        email
    from prospect_addresses
    union
    select
        {{ record_key('source_system', "'person'", 'person_id') }} as record_key,
        email
    from file_person_addresses
),

current_addresses as (
    select
        record_key,
        unnest(list_append(additional_emails, email)) as email
    from persons
),

every_address as (
    select
        record_key,
        email,
        true as is_current
    from current_addresses
    union all
    select
        ever.record_key,
        ever.email,
        false as is_current
    from ever
    inner join persons
        on ever.record_key = persons.record_key
),

final as (
    select distinct
        record_key,
        email,
        bool_or(is_current) over (partition by email) as is_in_use
    from every_address
    where email is not null
)

select * from final

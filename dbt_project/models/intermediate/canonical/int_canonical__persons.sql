with
hubspot_contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

hubspot_email_events as (
    select * from {{ ref('stg_hubspot__email_events') }}
),

hubspot_form_submissions as (
    select * from {{ ref('stg_hubspot__form_submissions') }}
),

marketo_leads as (
    select * from {{ ref('stg_marketo__leads') }}
),

prospects as (
    select * from {{ ref('stg_account_engagement__prospects') }}
),

collector_events as (
    select * from {{ ref('stg_collector__events') }}
),

collector_form_submissions as (
    select * from {{ ref('stg_collector__form_submissions') }}
),

salesforce_leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

salesforce_contacts as (
    select * from {{ ref('stg_salesforce__contacts') }}
),

zoom_attendees as (
    select * from {{ ref('int_canonical__seminar_attendees') }}
),

file_persons as (
    select * from {{ ref('stg_files__persons') }}
),

file_leads as (
    select * from {{ ref('stg_files__leads') }}
),

file_events as (
    select * from {{ ref('stg_files__events') }}
),

-- Mail events, form submissions and mapped events name a person by e-mail address alone: each address is a record.
addresses as (
    select source_system, recipient as email, occurred_at as seen_at, source_file, source_row_number
    from hubspot_email_events
    union all
    select source_system, email, submitted_at as seen_at, source_file, source_row_number
    from hubspot_form_submissions
    union all
    select source_system, email, occurred_at as seen_at, source_file, source_row_number
    from collector_events
    union all
    select source_system, email, submitted_at as seen_at, source_file, source_row_number
    from collector_form_submissions
    union all
    select source_system, email, occurred_at as seen_at, source_file, source_row_number
    from file_events
),

subscribers as (
    select
        source_system,
        email,
        min(seen_at) as created_at,
        max(seen_at) as updated_at,
        -- The row that showed the address first.
        min((seen_at, source_file, source_row_number)) as first_row
    from addresses
    where email is not null
    group by source_system, email
),

attendees as (
    select
        source_system,
        attendee_email,
        -- All of one registration: several people may register with one address.
        max((coalesce(registered_at, joined_at), last_name, first_name, phone, company_name)) as last_row,
        min(coalesce(registered_at, joined_at)) as created_at,
        max(coalesce(left_at, joined_at, registered_at)) as updated_at,
        min((coalesce(registered_at, joined_at), source_file, source_row_number)) as first_row
    from zoom_attendees
    group by source_system, attendee_email
),

unioned as (
    select
        source_system,
        'contact' as record_type,
        contact_id as record_id,
        email,
        additional_emails,
        phone,
        concat_ws(' ', last_name, first_name) as full_name,
        company_name,
        cast(null as varchar) as external_id,
        {{ record_key('source_system', "'account'", 'company_id') }} as account_record_key,
        industry,
        employees,
        region,
        source_file,
        source_row_number,
        created_at,
        updated_at,
        -- Only what says so is a yes: an unticked opt-out says nothing. An archived record says no, but never yes.
        case
            when has_opted_out_of_email then false
            when has_consented and not is_archived then true
        end as may_email
    from hubspot_contacts

    union all by name

    select
        source_system,
        'lead' as record_type,
        lead_id as record_id,
        email,
        phone,
        concat_ws(' ', last_name, first_name) as full_name,
        company_name,
        industry,
        employees,
        region,
        source_file,
        source_row_number,
        created_at,
        updated_at,
        case when has_opted_out_of_email then false end as may_email
    from marketo_leads

    union all by name

    select
        source_system,
        'prospect' as record_type,
        prospect_id as record_id,
        email,
        phone,
        concat_ws(' ', last_name, first_name) as full_name,
        company_name,
        industry,
        employees,
        region,
        source_file,
        source_row_number,
        created_at,
        updated_at,
        case when has_opted_out_of_email then false end as may_email
    from prospects

    union all by name

    select
        source_system,
        'lead' as record_type,
        lead_id as record_id,
        email,
        phone,
        concat_ws(' ', last_name, first_name) as full_name,
        company_name,
        {{ record_key('source_system', "'account'", 'converted_account_id') }} as account_record_key,
        industry,
        employees,
        region,
        source_file,
        source_row_number,
        created_at,
        updated_at,
        -- Salesforce knows a no only: its box is unticked by default. A deleted record keeps its no.
        case when has_opted_out_of_email then false end as may_email
    from salesforce_leads

    union all by name

    select
        source_system,
        'contact' as record_type,
        contact_id as record_id,
        email,
        phone,
        concat_ws(' ', last_name, first_name) as full_name,
        -- The CRM holds a customer's person once; what it deleted or merged away no longer counts.
        not is_deleted as is_exclusive,
        {{ record_key('source_system', "'account'", 'account_id') }} as account_record_key,
        source_file,
        source_row_number,
        created_at,
        updated_at,
        case when has_opted_out_of_email then false end as may_email
    from salesforce_contacts

    union all by name

    select
        source_system,
        'attendee' as record_type,
        attendee_email as record_id,
        attendee_email as email,
        last_row[4] as phone,
        concat_ws(' ', last_row[2], last_row[3]) as full_name,
        last_row[5] as company_name,
        first_row[2] as source_file,
        first_row[3] as source_row_number,
        created_at,
        updated_at
    from attendees

    union all by name

    select
        source_system,
        'person' as record_type,
        person_id as record_id,
        email,
        phone,
        full_name,
        company_name,
        address,
        postal_code,
        birth_date,
        external_id,
        source_file,
        source_row_number,
        created_at,
        may_email
    from file_persons

    union all by name

    select
        source_system,
        'lead' as record_type,
        lead_id as record_id,
        email,
        phone,
        full_name,
        company_name,
        external_id,
        source_file,
        source_row_number,
        created_at
    from file_leads

    union all by name

    select
        source_system,
        'subscriber' as record_type,
        email as record_id,
        email,
        first_row[2] as source_file,
        first_row[3] as source_row_number,
        created_at,
        updated_at
    from subscribers
),

final as (
    select
        {{ record_key('source_system', 'record_type', 'record_id') }} as record_key,
        source_system,
        record_type,
        record_id,
        email,
        coalesce(additional_emails, []) as additional_emails,
        phone,
        {{ cleaned('full_name') }} as full_name,
        company_name,
        address,
        postal_code,
        birth_date,
        external_id,
        account_record_key,
        industry,
        employees,
        region,
        source_file,
        source_row_number,
        created_at,
        coalesce(updated_at, created_at) as updated_at,
        coalesce(is_exclusive, false) as is_exclusive,
        may_email
    from unioned
    where coalesce(created_at < {{ as_of() }}, true)
)

select * from final

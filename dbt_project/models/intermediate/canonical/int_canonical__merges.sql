with
hubspot_contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

marketo_activities as (
    select * from {{ ref('stg_marketo__activities') }}
    where activity_type_id = '32'
),

salesforce_leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

salesforce_contacts as (
    select * from {{ ref('stg_salesforce__contacts') }}
),

final as (
    select
        source_system,
        'contact' as record_type,
        unnest(merged_contact_ids) as loser_record_id,
        contact_id as winner_record_id,
        source_file,
        source_row_number,
        updated_at as merged_at
    from hubspot_contacts

    union all

    select
        source_system,
        'lead' as record_type,
        unnest(merged_lead_ids) as loser_record_id,
        lead_id as winner_record_id,
        source_file,
        source_row_number,
        occurred_at as merged_at
    from marketo_activities

    union all

    select
        source_system,
        'lead' as record_type,
        lead_id as loser_record_id,
        master_lead_id as winner_record_id,
        source_file,
        source_row_number,
        updated_at as merged_at
    from salesforce_leads
    where master_lead_id is not null

    union all

    select
        source_system,
        'contact' as record_type,
        contact_id as loser_record_id,
        master_contact_id as winner_record_id,
        source_file,
        source_row_number,
        updated_at as merged_at
    from salesforce_contacts
    where master_contact_id is not null
)

select * from final

with
source as (
    select * from {{ source('raw', 'marketo__leads') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as lead_id,
        sfdcLeadId as salesforce_lead_id,
        sfdcContactId as salesforce_contact_id,
        acquisitionProgramId as acquisition_program_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('email') }} as email,
        {{ cleaned('lastName') }} as last_name,
        {{ cleaned('firstName') }} as first_name,
        {{ cleaned('phone') }} as phone,
        {{ cleaned('company') }} as company_name,
        {{ cleaned('industry') }} as industry,
        {{ cleaned('state') }} as region,
        {{ cleaned('leadSource') }} as lead_source,
        {{ cleaned('leadStatus') }} as lead_status,

        -- numbers
        numberOfEmployees as employees,

        -- booleans
        unsubscribed as has_opted_out_of_email,

        -- times
        createdAt as created_at,
        updatedAt as updated_at,
        mqlAt as mql_at
    from latest
)

select * from final

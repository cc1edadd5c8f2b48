with
source as (
    select * from {{ source('raw', 'account_engagement__prospects') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as prospect_id,
        salesforceId as salesforce_id,
        campaignId as campaign_id,

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
        {{ cleaned('source') }} as prospect_source,

        -- numbers: the field is free text
        try_cast(replace(employees, ',', '') as bigint) as employees,

        -- booleans
        coalesce(isDeleted, false) as is_deleted,
        coalesce(optedOut, false) or coalesce(isDoNotEmail, false) as has_opted_out_of_email,

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

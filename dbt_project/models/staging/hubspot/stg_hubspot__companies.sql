with
source as (
    select * from {{ source('raw', 'hubspot__companies') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as company_id,
        {{ split_list('hs_merged_object_ids', ';') }} as merged_company_ids,
        hs_parent_company_id as parent_company_id,
        salesforceaccountid as salesforce_account_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('name') }} as company_name,
        {{ cleaned('domain') }} as domain,
        {{ cleaned('industry') }} as industry,
        {{ cleaned('state') }} as region,
        {{ cleaned('country') }} as country,

        -- numbers
        numberofemployees as employees,
        annualrevenue as annual_revenue,

        -- booleans
        coalesce(archived, false) as is_archived,

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

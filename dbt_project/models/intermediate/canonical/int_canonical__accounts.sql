with
hubspot_companies as (
    select * from {{ ref('stg_hubspot__companies') }}
),

salesforce_accounts as (
    select * from {{ ref('stg_salesforce__accounts') }}
),

file_accounts as (
    select * from {{ ref('stg_files__accounts') }}
),

unioned as (
    select
        source_system,
        company_id as record_id,
        company_name as account_name,
        domain,
        industry,
        employees,
        annual_revenue,
        region,
        parent_company_id as parent_record_id,
        source_file,
        source_row_number,
        created_at,
        updated_at
    from hubspot_companies

    union all by name

    select
        source_system,
        account_id as record_id,
        account_name,
        website as domain,
        corporate_number,
        industry,
        employees,
        annual_revenue,
        region,
        parent_account_id as parent_record_id,
        source_file,
        source_row_number,
        created_at,
        updated_at
    from salesforce_accounts

    union all by name

    select
        source_system,
        account_id as record_id,
        account_name,
        domain,
        corporate_number,
        industry,
        employees,
        annual_revenue,
        region,
        parent_account_id as parent_record_id,
        source_file,
        source_row_number
    from file_accounts
),

final as (
    select
        {{ record_key('source_system', "'account'", 'record_id') }} as record_key,
        source_system,
        'account' as record_type,
        record_id,
        account_name,
        -- Websites are typed as URLs, with and without 'www.': only the host counts.
        lower({{ extracted('domain', '^(?:[a-zA-Z]+://)?(?:www[.])?([^/:?# ]+)') }}) as domain,
        corporate_number,
        industry,
        employees,
        annual_revenue,
        region,
        parent_record_id,
        {{ record_key('source_system', "'account'", 'parent_record_id') }} as parent_record_key,
        source_file,
        source_row_number,
        created_at,
        updated_at
    from unioned
    where coalesce(created_at < {{ as_of() }}, true)
)

select * from final

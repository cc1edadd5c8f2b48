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

hubspot_merges as (
    select
        source_system,
        loser_company_id,
        max_by(company_id, (updated_at, company_id)) as winner_company_id
    from (select *, unnest(merged_company_ids) as loser_company_id from hubspot_companies) as losers
    group by source_system, loser_company_id
),

unioned as (
    select
        hubspot_companies.source_system,
        hubspot_companies.company_id as record_id,
        hubspot_companies.company_name as account_name,
        hubspot_companies.domain,
        hubspot_companies.industry,
        hubspot_companies.employees,
        hubspot_companies.annual_revenue,
        hubspot_companies.region,
        hubspot_merges.winner_company_id as merged_into_record_id
    from hubspot_companies
    left join hubspot_merges
        on
            hubspot_companies.source_system = hubspot_merges.source_system
            and hubspot_companies.company_id = hubspot_merges.loser_company_id

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
        master_account_id as merged_into_record_id
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
        parent_account_id as parent_record_id
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
        lower(regexp_extract(domain, '^(?:[a-zA-Z]+://)?(?:www\.)?([^/:?#\s]+)', 1)) as domain,
        corporate_number,
        industry,
        employees,
        annual_revenue,
        region,
        parent_record_id,
        merged_into_record_id
    from unioned
)

select * from final

with
hubspot_companies as (
    select * from {{ ref('stg_hubspot__companies') }}
),

salesforce_accounts as (
    select * from {{ ref('stg_salesforce__accounts') }}
),

final as (
    select
        source_system,
        unnest(merged_company_ids) as loser_record_id,
        company_id as winner_record_id,
        source_file,
        source_row_number,
        updated_at as merged_at
    from hubspot_companies

    union all

    select
        source_system,
        account_id as loser_record_id,
        master_account_id as winner_record_id,
        source_file,
        source_row_number,
        updated_at as merged_at
    from salesforce_accounts
    where master_account_id is not null
)

select * from final

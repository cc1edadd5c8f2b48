with
source as (
    select * from {{ source('raw', 'files__account') }}
),

latest as (
    {{ latest_version('source', key=['account_ref']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        account_ref as account_id,
        {{ cleaned('parent_ref') }} as parent_account_id,
        {{ cleaned('corporate_number') }} as corporate_number,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('name') }} as account_name,
        {{ cleaned('domain') }} as domain,
        {{ cleaned('industry') }} as industry,
        {{ cleaned('region') }} as region,

        -- numbers
        employees,
        annual_revenue
    from latest
)

select * from final

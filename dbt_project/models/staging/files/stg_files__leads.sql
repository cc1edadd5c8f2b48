with
source as (
    select * from {{ source('raw', 'files__lead') }}
),

latest as (
    {{ latest_version('source', key=['lead_id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        lead_id,
        {{ cleaned('external_id') }} as external_id,
        {{ cleaned('anonymous_id') }} as anonymous_id,
        lower({{ cleaned('campaign_id') }}) as campaign_id,
        {{ cleaned('content_id') }} as content_id,
        {{ cleaned('owner_id') }} as owner_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('email') }} as email,
        {{ cleaned('phone') }} as phone,
        {{ cleaned('full_name') }} as full_name,
        {{ cleaned('company_name') }} as company_name,
        {{ as_code('channel') }} as channel,
        {{ cleaned('status') }} as status,

        -- times
        created_at,
        mql_at,
        sal_at,
        sql_at
    from latest
)

select * from final

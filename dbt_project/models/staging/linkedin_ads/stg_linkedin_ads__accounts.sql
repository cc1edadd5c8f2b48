with
source as (
    select * from {{ source('raw', 'linkedin_ads__accounts') }}
),

latest as (
    {{ latest_version('source', key=['id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as linkedin_ads_account_id,

        -- text
        currency
    from latest
)

select * from final

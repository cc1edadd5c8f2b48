with
source as (
    select * from {{ source('raw', 'linkedin_ads__campaigns') }}
),

latest as (
    {{ latest_version('source', key=['id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as linkedin_ads_campaign_id,

        -- text
        {{ cleaned('name') }} as campaign_name,
        type as campaign_type
    from latest
)

select * from final

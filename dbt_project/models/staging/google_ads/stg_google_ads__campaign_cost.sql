with
source as (
    select * from {{ source('raw', 'google_ads__campaign_cost') }}
),

latest as (
    {{ latest_version('source', key=['Day', '"Campaign ID"']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        "Campaign ID" as google_ads_campaign_id,

        -- text
        {{ cleaned('Campaign') }} as campaign_name,
        {{ cleaned('"Campaign type"') }} as campaign_type,
        "Currency code" as currency,

        -- numbers
        "Impr." as impressions,
        Clicks as clicks,
        Cost as cost,

        -- times
        Day as occurred_on
    from latest
)

select * from final

with
source as (
    select * from {{ source('raw', 'meta_ads__insights') }}
),

latest as (
    {{ latest_version('source', key=['date_start', 'campaign_id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        campaign_id as meta_ads_campaign_id,

        -- text
        {{ cleaned('campaign_name') }} as campaign_name,
        objective as campaign_type,
        account_currency as currency,

        -- numbers
        impressions,
        clicks,
        spend as cost,

        -- times
        date_start as occurred_on
    from latest
)

select * from final

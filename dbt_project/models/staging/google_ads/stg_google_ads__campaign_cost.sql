with
report as (
    select * from {{ source('raw', 'google_ads__campaign_cost') }}
),

api as (
    select * from {{ source('raw', 'google_ads__campaign_days') }}
),

-- A source may change from downloaded reports to the API: a campaign's day counts once, whichever shape told it last.
unioned as (
    select
        "Campaign ID" as google_ads_campaign_id,
        {{ cleaned('Campaign') }} as campaign_name,
        {{ cleaned('"Campaign type"') }} as campaign_type,
        "Currency code" as currency,
        "Impr." as impressions,
        Clicks as clicks,
        Cost as cost,
        Day as occurred_on,
        _source,
        _file,
        _row_number,
        _delivered_at,
        _loaded_at
    from report

    union all

    select
        campaign_id as google_ads_campaign_id,
        {{ cleaned('campaign_name') }} as campaign_name,
        advertising_channel_type as campaign_type,
        currency_code as currency,
        impressions,
        clicks,
        cast(cost_micros / 1000000.0 as decimal(18, 2)) as cost,
        date as occurred_on,
        _source,
        _file,
        _row_number,
        _delivered_at,
        _loaded_at
    from api
),

latest as (
    {{ latest_version('unioned', key=['occurred_on', 'google_ads_campaign_id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        google_ads_campaign_id,

        -- text
        campaign_name,
        campaign_type,
        currency,

        -- numbers
        impressions,
        clicks,
        cost,

        -- times
        occurred_on
    from latest
)

select * from final

with
analytics as (
    select * from {{ source('raw', 'linkedin_ads__ad_analytics') }}
),

latest as (
    {{ latest_version('analytics', key=['pivotValues', 'year', 'month', 'day']) }}
),

campaigns as (
    select * from {{ ref('stg_linkedin_ads__campaigns') }}
),

accounts as (
    select * from {{ ref('stg_linkedin_ads__accounts') }}
),

days as (
    select
        *,
        -- 'urn:li:sponsoredCampaign:<id>'
        {{ dbt.split_part(list_element('pivotValues', 1), "':'", 4) }} as linkedin_ads_campaign_id
    from latest
),

final as (
    select
        -- ids
        days._source as source_system,
        days.linkedin_ads_campaign_id,

        -- text
        campaigns.campaign_name,
        campaigns.campaign_type,
        accounts.currency,

        -- numbers
        days.impressions,
        days.clicks,
        cast(days.costInLocalCurrency as decimal(18, 2)) as cost,

        -- times
        try_cast(days.year || '-' || days.month || '-' || days.day as date) as occurred_on
    from days
    left join campaigns
        on
            days._source = campaigns.source_system
            and days.linkedin_ads_campaign_id = campaigns.linkedin_ads_campaign_id
    left join accounts
        on
            days._source = accounts.source_system
            and days.account_id = accounts.linkedin_ads_account_id
)

select * from final

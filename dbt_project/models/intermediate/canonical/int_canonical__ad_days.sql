with
google_ads as (
    select * from {{ ref('stg_google_ads__campaign_cost') }}
),

meta_ads as (
    select * from {{ ref('stg_meta_ads__campaign_cost') }}
),

linkedin_ads as (
    select * from {{ ref('stg_linkedin_ads__campaign_cost') }}
),

channel_mappings as (
    select * from {{ ref('channel_mappings') }}
),

unioned as (
    {% for platform, default_channel in {
        'google_ads': 'other', 'meta_ads': 'paid_social', 'linkedin_ads': 'paid_social'
    }.items() %}
    select
        source_system,
        '{{ platform }}' as platform,
        -- What the platform shows, where the seed does not name the campaign's type.
        '{{ default_channel }}' as default_channel,
        {{ platform }}_campaign_id as record_id,
        campaign_name,
        campaign_type,
        currency,
        impressions,
        clicks,
        cost,
        occurred_on
    from {{ platform }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        unioned.source_system,
        unioned.record_id,
        unioned.campaign_name,
        coalesce(mappings.channel, unioned.default_channel) as channel,
        unioned.currency,
        unioned.impressions,
        unioned.clicks,
        unioned.cost,
        unioned.occurred_on
    from unioned
    left join channel_mappings as mappings
        on
            unioned.platform = mappings.system
            and {{ as_code('unioned.campaign_type') }} = mappings.source_value
)

select * from final

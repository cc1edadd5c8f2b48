with
source as (
    select * from {{ source('raw', 'hubspot__email_events') }}
),

latest as (
    {{ latest_version('source', key=['id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as email_event_id,
        sentById as sent_event_id,
        emailCampaignId as email_campaign_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        upper(type) as event_type,
        lower({{ cleaned('recipient') }}) as recipient,
        url,
        deviceType as device_type,
        {{ field_of_each('subscriptions', 'status') }} as subscription_statuses,

        -- booleans
        coalesce(filteredEvent, false) as is_filtered,

        -- times
        created as occurred_at
    from latest
)

select * from final

with
source as (
    select * from {{ source('raw', 'account_engagement__campaigns') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as campaign_id,
        salesforceId as salesforce_campaign_id,

        -- text
        {{ cleaned('name') }} as campaign_name,

        -- booleans
        coalesce(isDeleted, false) as is_deleted,

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

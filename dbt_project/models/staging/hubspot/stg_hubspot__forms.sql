with
source as (
    select * from {{ source('raw', 'hubspot__forms') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as form_id,

        -- text
        {{ cleaned('name') }} as form_name,
        formType as form_type,

        -- booleans
        coalesce(archived, false) as is_archived,

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

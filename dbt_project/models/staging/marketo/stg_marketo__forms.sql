with
source as (
    select * from {{ source('raw', 'marketo__forms') }}
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

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

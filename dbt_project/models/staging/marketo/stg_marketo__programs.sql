with
source as (
    select * from {{ source('raw', 'marketo__programs') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as program_id,

        -- text
        {{ cleaned('name') }} as program_name,
        lower(type) as program_type,
        {{ cleaned('channel') }} as program_channel,

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

-- What prospects fill in and download: forms, form handlers (forms of the own site) and files.
with
forms as (
    select
        *,
        'form' as asset_type,
        'form-' || id as asset_id
    from {{ source('raw', 'account_engagement__forms') }}
),

form_handlers as (
    select
        *,
        'form' as asset_type,
        'form_handler-' || id as asset_id
    from {{ source('raw', 'account_engagement__form_handlers') }}
),

files as (
    select
        *,
        'file' as asset_type,
        'file-' || id as asset_id
    from {{ source('raw', 'account_engagement__files') }}
),

source as (
    select * from forms
    union all by name
    select * from form_handlers
    union all by name
    select * from files
),

latest as (
    {{ latest_version('source', key=['asset_id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        asset_id,

        -- text
        asset_type,
        {{ cleaned('name') }} as asset_name,

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

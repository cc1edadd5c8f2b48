with
source as (
    select * from {{ source('raw', 'marketo__emails') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as email_id,
        case when folderType = 'Program' then folderId end as program_id,

        -- text
        {{ cleaned('name') }} as email_name,
        subject,
        fromName as sender_name,

        -- times
        createdAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

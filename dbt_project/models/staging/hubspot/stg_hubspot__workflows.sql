with
source as (
    select * from {{ source('raw', 'hubspot__workflows') }}
),

latest as (
    {{ latest_version('source', key=['id'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        id as workflow_id,
        enrolledList as enrolled_list_id,
        completedList as completed_list_id,
        succeededList as succeeded_list_id,

        -- text
        {{ cleaned('name') }} as workflow_name,
        type as workflow_type,

        -- times
        insertedAt as created_at,
        updatedAt as updated_at
    from latest
)

select * from final

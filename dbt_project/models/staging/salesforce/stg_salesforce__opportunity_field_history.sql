with
source as (
    select * from {{ source('raw', 'salesforce__opportunity_field_history') }}
),

latest as (
    {{ latest_version('source', key=['Id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        Id as history_id,
        OpportunityId as opportunity_id,

        -- text
        Field as field,
        OldValue as old_value,
        NewValue as new_value,

        -- booleans
        coalesce(IsDeleted, false) as is_deleted,

        -- times
        CreatedDate as changed_at
    from latest
)

select * from final

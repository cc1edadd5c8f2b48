-- Both the log of activities and the list of deleted leads tell of a deletion.
with
activities as (
    select * from {{ source('raw', 'marketo__activities') }}
    where activityTypeId = 37
),

deleted_leads as (
    select * from {{ source('raw', 'marketo__deleted_leads') }}
),

unioned as (
    select * from activities
    union all by name
    select * from deleted_leads
),

final as (
    select
        _source as source_system,
        leadId as lead_id,
        min(activityDate) as deleted_at
    from unioned
    where _delivered_at <= {{ as_of() }}
    group by _source, leadId
)

select * from final

with
salesforce_tasks as (
    select * from {{ ref('stg_salesforce__tasks') }}
),

salesforce_events as (
    select * from {{ ref('stg_salesforce__events') }}
),

file_activities as (
    select * from {{ ref('stg_files__activities') }}
),

activity_types as (
    select * from {{ ref('activity_types') }}
),

salesforce as (
    select
        source_system,
        'task' as record_type,
        task_id as record_id,
        {{ as_code('task_type') }} as source_type,
        'task' as default_type,
        coalesce(completed_at, {{ business_midnight('due_on') }}, created_at) as occurred_at,
        coalesce(lower(status) = 'completed', false) as is_completed,
        who_id,
        what_id,
        owner_id,
        call_result as result,
        call_duration_seconds as duration_seconds
    from salesforce_tasks
    where not is_deleted

    union all by name

    select
        source_system,
        'calendar_event' as record_type,
        calendar_event_id as record_id,
        {{ as_code('calendar_event_type') }} as source_type,
        'calendar_event' as default_type,
        started_at as occurred_at,
        -- Only what began before as_of is kept below: a calendar event of the past was held.
        true as is_completed,
        who_id,
        what_id,
        owner_id,
        60 * duration_minutes as duration_seconds
    from salesforce_events
    where not is_deleted
),

unioned as (
    select
        *,
        -- Salesforce: the first three characters of an id name its object (00Q Lead, 003 Contact, 006 Opportunity).
        case when who_id like '00Q%' then who_id end as lead_record_id,
        case when who_id like '003%' then who_id end as contact_record_id,
        case when what_id like '006%' then what_id end as opportunity_record_id
    from salesforce

    union all by name

    select
        source_system,
        'activity' as record_type,
        activity_id as record_id,
        activity_type as source_type,
        activity_type as default_type,
        occurred_at,
        true as is_completed,
        lead_id as lead_record_id,
        person_id as person_record_id,
        owner_id,
        result,
        duration_seconds
    from file_activities
),

final as (
    select
        {{ surrogate_key(['unioned.source_system', 'unioned.record_type', 'unioned.record_id']) }} as activity_id,
        unioned.source_system,
        unioned.record_id,
        coalesce(activity_types.activity_type, unioned.default_type) as activity_type,
        unioned.occurred_at,
        unioned.is_completed,
        unioned.lead_record_id,
        unioned.contact_record_id,
        unioned.opportunity_record_id,
        unioned.person_record_id,
        unioned.source_system || ':' || unioned.owner_id as owner_id,
        unioned.result,
        unioned.duration_seconds
    from unioned
    left join activity_types
        on unioned.source_type = activity_types.source_value
    where unioned.occurred_at < {{ as_of() }}
)

select * from final

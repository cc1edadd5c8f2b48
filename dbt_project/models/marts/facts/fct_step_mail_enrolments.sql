with
workflows as (
    select * from {{ ref('stg_hubspot__workflows') }}
),

memberships as (
    select * from {{ ref('stg_hubspot__list_memberships') }}
    where joined_at < {{ as_of() }}
),

record_person as (
    select * from {{ ref('record_person') }}
    where record_type = 'contact'
),

-- HubSpot keeps a list of a workflow's contacts for each state; standing on it since when is the time of the state.
states as (
    select
        workflows.source_system,
        workflows.workflow_id,
        memberships.contact_id,
        min(memberships.joined_at) filter (where memberships.list_id = workflows.enrolled_list_id) as enrolled_at,
        min(memberships.joined_at) filter (where memberships.list_id = workflows.completed_list_id) as completed_at,
        min(memberships.joined_at) filter (where memberships.list_id = workflows.succeeded_list_id) as succeeded_at
    from workflows
    inner join memberships
        on
            workflows.source_system = memberships.source_system
            and memberships.list_id
            in (workflows.enrolled_list_id, workflows.completed_list_id, workflows.succeeded_list_id)
    group by workflows.source_system, workflows.workflow_id, memberships.contact_id
),

final as (
    select
        {{ surrogate_key(['states.source_system', 'states.workflow_id', 'states.contact_id']) }} as enrolment_id,
        states.source_system,
        states.source_system || ':workflow-' || states.workflow_id as content_id,
        record_person.person_id,
        record_person.account_id,
        states.enrolled_at,
        states.completed_at,
        -- Who reaches the goal leaves the workflow; after the last step there is nothing left to leave.
        case when states.completed_at is null or states.succeeded_at < states.completed_at then states.succeeded_at end
            as unenrolled_at
    from states
    left join record_person
        on
            states.source_system = record_person.source_system
            and states.contact_id = record_person.record_id
    where states.enrolled_at is not null
)

select * from final

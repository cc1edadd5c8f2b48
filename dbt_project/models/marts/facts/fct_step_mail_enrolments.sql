with
workflows as (
    select * from {{ ref('stg_hubspot__workflows') }}
),

memberships as (
    select * from {{ ref('stg_hubspot__list_memberships') }}
    where joined_at < {{ as_of() }}
),

engagement_programs as (
    select * from {{ ref('stg_marketo__programs') }}
    where program_type in ('nurture', 'engagement')
),

program_members as (
    select * from {{ ref('stg_marketo__program_members') }}
    where joined_at < {{ as_of() }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

-- HubSpot keeps a list of a workflow's contacts for each state; standing on it since when is the time of the state.
hubspot as (
    select
        workflows.source_system,
        workflows.workflow_id,
        'workflow-' || workflows.workflow_id as asset_id,
        'contact' as record_type,
        memberships.contact_id as record_id,
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

-- Marketo: an engagement program's member has come to the end when its content is exhausted.
marketo as (
    select
        programs.source_system,
        'program-' || programs.program_id as workflow_id,
        'program-' || programs.program_id as asset_id,
        'lead' as record_type,
        members.lead_id as record_id,
        members.joined_at as enrolled_at,
        {{ known_by_as_of('members.exhausted_at') }} as completed_at,
        {{ known_by_as_of('members.succeeded_at') }} as succeeded_at
    from engagement_programs as programs
    inner join program_members as members
        on
            programs.source_system = members.source_system
            and programs.program_id = members.program_id
),

states as (
    select * from hubspot
    union all by name
    select * from marketo
),

final as (
    select
        {{ surrogate_key(['states.source_system', 'states.workflow_id', 'states.record_id']) }} as enrolment_id,
        states.source_system,
        states.source_system || ':' || states.asset_id as content_id,
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
            and states.record_type = record_person.record_type
            and states.record_id = record_person.record_id
    where states.enrolled_at is not null
)

select * from final

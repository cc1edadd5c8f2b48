with
sessions as (
    select * from {{ ref('fct_sessions') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

visitors as (
    select
        coalesce(person_id, visitor_id) as subject_id,
        arg_min(channel, (started_at, session_id)) as channel
    from sessions
    group by coalesce(person_id, visitor_id)
),

journeys as (
    select
        person_id,
        arg_min(channel, (created_at, lead_id)) as channel
    from lifecycle
    group by person_id
),

-- The channel that brought the person in, as the first journey tells; before there is one, that of the first session.
final as (
    select
        coalesce(persons.person_id, visitors.subject_id) as subject_id,
        persons.first_seen_at as known_at,
        coalesce(journeys.channel, visitors.channel, 'unattributed') as channel
    from persons
    full outer join visitors
        on persons.person_id = visitors.subject_id
    left join journeys
        on persons.person_id = journeys.person_id
)

select * from final

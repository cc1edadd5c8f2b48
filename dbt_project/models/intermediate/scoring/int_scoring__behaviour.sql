with
events as (
    select * from {{ ref('fct_events') }}
    where person_id is not null
),

journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

conversion_points as (
    select * from {{ ref('int_lifecycle__conversion_points') }}
    where attribute = 'content'
),

rules as (
    select * from {{ ref('scoring_rules') }}
    where kind = 'behaviour'
),

-- Millions of events are of few kinds: the rules are held against the kinds.
event_kinds as (
    select distinct
        event_name,
        coalesce(content_id, '') as content_id
    from events
    where event_name in (select event_name from rules)
),

matched as (
    select
        event_kinds.event_name,
        event_kinds.content_id,
        rules.rule_id
    from event_kinds
    left join conversion_points on event_kinds.content_id = conversion_points.value
    inner join rules
        on
            event_kinds.event_name = rules.event_name
            and (
                rules.attribute is null
                or {{
                    matches(
                        "case rules.attribute"
                        ~ " when 'content_id' then event_kinds.content_id"
                        ~ " when 'conversion_point' then conversion_points.conversion_point end",
                        'rules.condition'
                    )
                }}
            )
),

leads_persons as (
    select distinct person_id
    from journeys
),

-- A visit meets a rule once, with its first such event: a page loaded again tells nothing new. What belongs to no visit
-- (a mail, a form of the form tool, a webinar) counts each time.
occasions as (
    select
        events.person_id,
        matched.rule_id,
        min(events.occurred_at) as occurred_at
    from events
    inner join matched
        on
            events.event_name = matched.event_name
            and coalesce(events.content_id, '') = matched.content_id
    inner join leads_persons on events.person_id = leads_persons.person_id
    group by events.person_id, matched.rule_id, coalesce(events.session_id, events.event_id)
),

final as (
    select
        person_id,
        rule_id,
        occurred_at,
        count(*) as times
    from occasions
    group by person_id, rule_id, occurred_at
)

select * from final

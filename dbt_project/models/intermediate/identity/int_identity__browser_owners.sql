-- Whose browser it was, and when. It belongs to whom it showed last; to the first of them also before. A new owner has it
-- from the beginning of the session in which it first shows, unless the one before showed in that session too.
with
sightings as (
    select * from {{ ref('int_identity__sightings') }}
),

links as (
    select * from {{ ref('int_identity__browser_links') }}
    where refused_reason is null
),

events as (
    select * from {{ ref('int_canonical__events') }}
    where surface = 'web' and not is_bot
),

shown as (
    select distinct
        links.source_system,
        links.anonymous_id,
        sightings.occurred_at,
        sightings.person_id
    from sightings
    inner join links
        on
            sightings.source_system = links.source_system
            and sightings.anonymous_id = links.anonymous_id
            and sightings.record_key = links.record_key
            and sightings.rule = links.rule
),

turns as (
    select
        *,
        lag(occurred_at) over browser as shown_before_at,
        lag(person_id) over browser as person_before
    from shown
    window browser as (partition by source_system, anonymous_id order by occurred_at, person_id)
),

owners as (
    select *
    from turns
    where person_id is distinct from person_before
),

shared as (
    select distinct source_system, anonymous_id
    from owners
    where person_before is not null
),

gaps as (
    select
        events.source_system,
        events.anonymous_id,
        events.occurred_at,
        events.occurred_at - lag(events.occurred_at) over (
            partition by events.source_system, events.anonymous_id
            order by events.occurred_at asc
        ) as gap
    from events
    inner join shared
        on events.source_system = shared.source_system and events.anonymous_id = shared.anonymous_id
),

session_starts as (
    select * from gaps
    where gap is null or gap > interval '{{ var("session_timeout_minutes") }} minutes'
),

changes as (
    select
        owners.source_system,
        owners.anonymous_id,
        owners.person_id,
        owners.person_before,
        owners.occurred_at,
        owners.shown_before_at,
        max(session_starts.occurred_at) as session_started_at
    from owners
    left join session_starts
        on
            owners.source_system = session_starts.source_system
            and owners.anonymous_id = session_starts.anonymous_id
            and owners.occurred_at >= session_starts.occurred_at
    group by all
),

begun as (
    select
        source_system,
        anonymous_id,
        person_id,
        case
            when person_before is null then null
            when session_started_at > shown_before_at then session_started_at
            else occurred_at
        end as valid_from
    from changes
),

turns_taken as (
    select
        source_system,
        anonymous_id,
        person_id,
        valid_from,
        lead(valid_from) over (
            partition by source_system, anonymous_id
            order by valid_from asc nulls first, person_id asc
        ) as valid_to
    from begun
),

-- Of two that show at one moment only one can have the browser.
final as (
    select * from turns_taken
    where valid_to is null or valid_from is null or valid_from < valid_to
)

select * from final

with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

opportunity_stage_events as (
    select * from {{ ref('fct_opportunity_stage_events') }}
),

canonical_activities as (
    select * from {{ ref('int_canonical__activities') }}
),

activities as (
    select * from {{ ref('int_lifecycle__activities') }}
    where is_completed
),

watched_journeys as (
    select * from {{ ref('int_lifecycle__watched_journeys') }}
),

owner_spans as (
    select * from {{ ref('int_lifecycle__owner_spans') }}
),

owners as (
    select * from {{ ref('dim_owner') }}
),

business_days as (
    select * from {{ ref('int_calendar__business_days') }}
),

handoff_error_kinds as (
    select * from {{ ref('handoff_error_kinds') }}
),

owner_changes as (
    select * from {{ ref('owner_changes') }}
),

-- Of an opportunity whose tool delivers no activities, missing ones can't be told.
watched_sources as (
    select distinct source_system
    from canonical_activities
),

-- Who owned it at MQL, or first after it; an owner of before, who had lost it by then, hands over nothing.
ownership as (
    select
        owner_spans.lead_id,
        min(owner_spans.from_at) filter (
            where
            owner_spans.owner_id is not null
            and (owner_spans.to_at is null or owner_spans.to_at > lifecycle.mql_at)
        ) as owned_at,
        max(owner_spans.to_at) filter (where owner_spans.owner_id is not null) as lost_owner_at,
        max(owner_spans.from_at) filter (where owner_spans.to_at is null) as last_assigned_at
    from owner_spans
    inner join lifecycle on owner_spans.lead_id = lifecycle.lead_id
    group by owner_spans.lead_id
),

journey_states as (
    select
        lifecycle.*,
        journeys.is_accepted or lifecycle.sal_at is not null as is_taken_over,
        coalesce(owners.owner_state, 'missing') as owner_state,
        owners.team as owner_team,
        watched_journeys.is_try_told,
        ownership.owned_at,
        ownership.lost_owner_at,
        coalesce(ownership.last_assigned_at, lifecycle.created_at) as last_assigned_at,
        least(lifecycle.won_at, lifecycle.lost_at, lifecycle.next_journey_at) as over_at
    from lifecycle
    inner join journeys on lifecycle.lead_id = journeys.lead_id
    inner join watched_journeys on lifecycle.lead_id = watched_journeys.lead_id
    left join ownership on lifecycle.lead_id = ownership.lead_id
    left join owners on lifecycle.owner_id = owners.owner_id
),

-- Work on an opportunity since it was opened: an activity with it or with its journey, or another stage. Closing it unworked
-- is no work on it.
worked as (
    select
        opportunities.opportunity_id,
        canonical_activities.occurred_at as worked_at
    from opportunities
    inner join canonical_activities
        on
            opportunities.source_system = canonical_activities.source_system
            and opportunities.record_id = canonical_activities.opportunity_record_id
            and opportunities.created_at <= canonical_activities.occurred_at
    where canonical_activities.is_completed
    union all
    select
        opportunities.opportunity_id,
        activities.occurred_at as worked_at
    from opportunities
    inner join activities
        on
            opportunities.lead_id = activities.lead_id
            and opportunities.created_at <= activities.occurred_at
    union all
    select
        opportunity_stage_events.opportunity_id,
        opportunity_stage_events.entered_at as worked_at
    from opportunity_stage_events
    where
        opportunity_stage_events.entered_at > opportunity_stage_events.created_at
        and (
            opportunity_stage_events.closed_at is null
            or opportunity_stage_events.entered_at < opportunity_stage_events.closed_at
        )
),

first_worked as (
    select
        opportunity_id,
        min(worked_at) as worked_at
    from worked
    group by opportunity_id
),

opportunity_states as (
    select
        opportunities.*,
        coalesce(owners.owner_state, 'missing') as owner_state,
        first_worked.worked_at,
        watched_sources.source_system is not null as is_watched,
        coalesce(opportunities.owner_id != journey_states.owner_id, false) and owner_changes.lead_team is null
            as is_not_with_leads_owner,
        -- Who had it when it was closed may leave later.
        not opportunities.is_closed and coalesce(owners.owner_state, 'missing') != 'active' as is_with_nobody_in_force
    from opportunities
    left join journey_states on opportunities.lead_id = journey_states.lead_id
    left join owners on opportunities.owner_id = owners.owner_id
    left join owner_changes
        on journey_states.owner_team = owner_changes.lead_team and owners.team = owner_changes.opportunity_team
    left join first_worked on opportunities.opportunity_id = first_worked.opportunity_id
    left join watched_sources on opportunities.source_system = watched_sources.source_system
),

-- One row for each hand-over that should have been, with the time at which it was (mended_at) where it was.
expected as (
    select
        'mql_without_owner' as error_kind,
        lead_id,
        cast(null as {{ dbt.type_string() }}) as opportunity_id,
        owner_id,
        cast(null as {{ dbt.type_string() }}) as detail,
        case when owner_id is null then greatest(mql_at, lost_owner_at) else mql_at end as since_at,
        case when owner_id is not null then greatest(owned_at, mql_at) end as mended_at,
        over_at as closed_at
    from journey_states
    where mql_at is not null

    union all

    select
        'mql_without_touch' as error_kind,
        lead_id,
        null as opportunity_id,
        owner_id,
        null as detail,
        mql_at as since_at,
        case when first_touch_at is not null then greatest(first_touch_at, mql_at) end as mended_at,
        over_at as closed_at
    from journey_states
    where mql_at is not null and owner_id is not null and is_try_told

    union all

    -- The CRM keeps no time at which it said accepted, so that a try, whenever it came, may have been before.
    select
        'sal_without_touch' as error_kind,
        lead_id,
        null as opportunity_id,
        owner_id,
        null as detail,
        coalesce(sal_at, mql_at, created_at) as since_at,
        null as mended_at,
        over_at as closed_at
    from journey_states
    where is_taken_over and first_touch_at is null and is_try_told

    union all

    select
        'sql_without_opportunity' as error_kind,
        lead_id,
        null as opportunity_id,
        owner_id,
        null as detail,
        sql_at as since_at,
        opportunity_at as mended_at,
        over_at as closed_at
    from journey_states
    where sql_at is not null

    union all

    select
        'opportunity_without_lead' as error_kind,
        lead_id,
        opportunity_id,
        owner_id,
        null as detail,
        created_at as since_at,
        null as mended_at,
        closed_at
    from opportunity_states
    where lead_id is null and exists (select 1 from lifecycle)

    union all

    select
        'opportunity_without_activity' as error_kind,
        lead_id,
        opportunity_id,
        owner_id,
        null as detail,
        created_at as since_at,
        worked_at as mended_at,
        closed_at
    from opportunity_states
    where is_watched

    union all

    select
        'wrong_owner' as error_kind,
        lead_id,
        null as opportunity_id,
        owner_id,
        'owner_' || owner_state as detail,
        last_assigned_at as since_at,
        null as mended_at,
        next_journey_at as closed_at
    from journey_states
    where owner_state in ('inactive', 'unknown') and won_at is null and lost_at is null

    union all

    select
        'wrong_owner' as error_kind,
        lead_id,
        opportunity_id,
        owner_id,
        case when is_with_nobody_in_force then 'owner_' || owner_state else 'not_the_leads_owner' end as detail,
        created_at as since_at,
        null as mended_at,
        closed_at
    from opportunity_states
    where is_with_nobody_in_force or is_not_with_leads_owner
),

-- An error is what was not handed over within the grace; what ended before that never was one. Without a grace it is one at
-- once, and where nobody knows since when.
errors as (
    select
        expected.error_kind,
        expected.lead_id,
        expected.opportunity_id,
        expected.owner_id,
        expected.detail,
        expected.since_at,
        case
            when expected.mended_at <= coalesce(expected.closed_at, expected.mended_at) then 'mended'
            when expected.closed_at is not null then 'closed'
            else 'open'
        end as error_state,
        least(expected.mended_at, expected.closed_at) as ended_at,
        -- A close date may stand before the creation.
        greatest(expected.since_at, coalesce(least(expected.mended_at, expected.closed_at), {{ as_of() }}))
            as watched_until,
        handoff_error_kinds.from_team,
        handoff_error_kinds.to_team,
        handoff_error_kinds.responsible_team,
        handoff_error_kinds.grace_hours,
        handoff_error_kinds.label_en,
        handoff_error_kinds.label_ja
    from expected
    inner join handoff_error_kinds on expected.error_kind = handoff_error_kinds.error_kind
),

final as (
    select
        {{ surrogate_key(['errors.error_kind', 'errors.lead_id', 'errors.opportunity_id']) }} as error_id,
        errors.error_kind,
        errors.label_en,
        errors.label_ja,
        errors.from_team,
        errors.to_team,
        errors.responsible_team,
        errors.lead_id,
        errors.opportunity_id,
        errors.owner_id,
        errors.detail,
        errors.error_state,
        errors.since_at,
        errors.ended_at,
        {{ minutes_between('errors.since_at', 'errors.watched_until') }} / 60 as age_hours,
        round(
            (
                {{ working_minutes_until('errors.watched_until', 'last_day') }}
                - ({{ working_minutes_until('errors.since_at', 'first_day') }})
            ) / 60,
            6
        ) as age_business_hours
    from errors
    left join business_days as first_day on {{ business_day('errors.since_at') }} = first_day.date_on
    left join business_days as last_day on {{ business_day('errors.watched_until') }} = last_day.date_on
    where
        errors.grace_hours = 0
        or errors.watched_until > {{ dbt.dateadd('hour', 'errors.grace_hours', 'errors.since_at') }}
)

select * from final

"""Waits, their roll-up and their breaches tell the same numbers, and hand-off errors those of the journeys."""

from __future__ import annotations

from expectations.checks import Check, Scope


def checks(scope: Scope) -> list[Check]:
    """Return the checks of the speed marts."""
    return [_minutes(), _totals(), _parts(), _breaches(), _handoffs(scope)]


def _minutes() -> Check:
    return Check(
        id="marts.response_minutes_in_order",
        table="marts.fct_response_times",
        expects="no wait is negative, and working minutes are among the calendar minutes",
        because="a negative wait makes every median better than it is",
        rows="""
            select lead_id, leg, watched_calendar_minutes, watched_business_minutes
            from {batch}
            where watched_business_minutes not between 0 and watched_calendar_minutes + 0.001
                or watched_business_minutes is null
                or (calendar_minutes is null) <> (ended_at is null)
        """,
    )


def _totals() -> Check:
    return Check(
        id="marts.response_times_reconcile",
        table="marts.mart_response_times",
        expects="waits, answers and breaches of each leg are those of fct_response_times, in every grain",
        because="a number in a report must be the number in the detail below it",
        rows="""
            with told as (
                select leg, period_grain, sum(started) as started, sum(answered) as answered, sum(breaches) as breaches
                from {batch}
                where dimension = 'overall'
                group by leg, period_grain
            ),
            counted as (
                select
                    leg,
                    count(*) as started,
                    count(ended_at) as answered,
                    count(*) filter (is_breach) as breaches
                from marts.fct_response_times
                group by leg
            )
            select told.period_grain, counted.*, told.started as told_started, told.breaches as told_breaches
            from counted
            left join told on counted.leg = told.leg
            where (told.started, told.answered, told.breaches)
                is distinct from (counted.started, counted.answered, counted.breaches)
        """,
    )


def _parts() -> Check:
    return Check(
        id="marts.response_times_parts",
        table="marts.mart_response_times",
        expects="the values of each dimension add up to overall, and waits are answered, waiting or given up",
        because="a wait that no value has, or two have, is counted wrong in every comparison",
        rows="""
            with summed as (
                select
                    leg, period_grain, period_start, dimension, sum(started) as started, sum(breaches) as breaches,
                    sum(answered + waiting + given_up) as states
                from {batch}
                group by leg, period_grain, period_start, dimension
            )
            select parts.*, whole.started as expected
            from summed as parts
            join summed as whole
                on parts.leg = whole.leg
                and parts.period_grain = whole.period_grain
                and parts.period_start is not distinct from whole.period_start
                and whole.dimension = 'overall'
            where parts.started <> whole.started or parts.breaches <> whole.breaches or parts.states <> parts.started
        """,
    )


def _breaches() -> Check:
    return Check(
        id="marts.response_breaches_reconcile",
        table="marts.mart_response_breaches",
        expects="every breach of fct_response_times is listed once, with a reason",
        because="a breach that is not listed is explained to nobody",
        rows="""
            select waits.lead_id, waits.leg
            from marts.fct_response_times as waits
            full join {batch} as listed on waits.lead_id = listed.lead_id and waits.leg = listed.leg
            where coalesce(waits.is_breach, false) <> (listed.lead_id is not null)
                or (listed.lead_id is not null and listed.main_reason_en is null)
        """,
    )


def _handoffs(scope: Scope) -> Check:
    return Check(
        id="marts.handoff_errors_reconcile",
        table="marts.mart_handoff_errors",
        expects="open errors have no end, and are the journeys that lack the owner or opportunity beyond the grace",
        because="a list that misses one, or keeps a mended one, is soon read by nobody",
        rows=f"""
            with lost as (
                select lead_id, max(to_at) as lost_owner_at
                from intermediate.int_lifecycle__owner_spans
                where owner_id is not null
                group by lead_id
            ),
            lacking as (
                select
                    'mql_without_owner' as error_kind,
                    journeys.lead_id,
                    greatest(journeys.mql_at, lost.lost_owner_at) as since_at
                from marts.fct_lead_lifecycle as journeys
                left join lost on journeys.lead_id = lost.lead_id
                where journeys.mql_at is not null
                    and journeys.owner_id is null
                    and least(journeys.won_at, journeys.lost_at, journeys.next_journey_at) is null
                union all
                select 'sql_without_opportunity', lead_id, sql_at
                from marts.fct_lead_lifecycle
                where sql_at is not null
                    and opportunity_at is null
                    and least(won_at, lost_at, next_journey_at) is null
            ),
            due as (
                select lacking.error_kind, lacking.lead_id
                from lacking
                join staging.handoff_error_kinds as kinds on lacking.error_kind = kinds.error_kind
                where lacking.since_at + to_hours(kinds.grace_hours) < {scope.as_of_sql}
            ),
            told as (
                select error_kind, lead_id
                from {{batch}}
                where error_state = 'open' and error_kind in ('mql_without_owner', 'sql_without_opportunity')
            )
            (from due except from told)
            union all
            (from told except from due)
            union all
            select error_kind, lead_id
            from {{batch}}
            where (error_state = 'open') <> (ended_at is null) or age_hours < 0
        """,
    )

"""Totals of the KPI and funnel marts against the facts below them, and of the facts against their sources."""

from __future__ import annotations

from expectations.checks import Check, Scope, union

GRAINS = ("day", "week", "month", "quarter")
HALF_A_CENT = 0.005  # KPIs are floating-point numbers, amounts are exact


def checks(scope: Scope) -> list[Check]:
    """Return the reconciliations of the marts gate."""
    closed = f"closed_at < {scope.as_of_sql}"
    return [
        _kpi("sessions", "count(*)", "fct_sessions", f"started_at < {scope.as_of_sql}"),
        _kpi("new_leads", "count(*)", "fct_lead_lifecycle", f"created_at < {scope.as_of_sql}"),
        _kpi("mql", "count(*)", "fct_lead_lifecycle", f"mql_at < {scope.as_of_sql}"),
        _kpi("email_sends", "count(*)", "fct_email_messages", f"sent_at < {scope.as_of_sql}"),
        _kpi("opportunities", "count(*)", "fct_opportunities", f"created_at < {scope.as_of_sql}"),
        _kpi("wins", "count(*)", "fct_opportunities", f"is_won and {closed}"),
        _kpi("revenue", "coalesce(sum(amount), 0)", "fct_opportunities", f"is_won and {closed}"),
        _funnel(),
        _amounts_converted(),
        _costs_converted(),
        _not_empty(scope),
    ]


def _kpi(kpi_id: str, total: str, fact: str, condition: str) -> Check:
    """Return the check that a KPI, summed over the periods of each grain, is the total of its fact table."""
    grains = ", ".join(f"('{grain}')" for grain in GRAINS)
    return Check(
        id=f"marts.{kpi_id}_reconcile",
        table="marts.mart_kpi_values",
        expects=f"{kpi_id} adds up to {fact}, by {', '.join(GRAINS)}",
        because="a number in a report must be the number in the detail below it",
        rows=f"""
            with told as (
                select period_grain, sum(numerator) as numerator
                from {{batch}}
                where kpi_id = '{kpi_id}' and dimension = 'overall'
                group by period_grain
            ),
            counted as (
                select {total} as total
                from marts.{fact}
                where {condition}
            )
            select grains.period_grain, coalesce(told.numerator, 0) as told, counted.total as expected
            from (values {grains}) as grains (period_grain)
            cross join counted
            left join told on grains.period_grain = told.period_grain
            where abs(coalesce(told.numerator, 0) - counted.total) > {HALF_A_CENT}
        """,
    )


def _funnel() -> Check:
    return Check(
        id="marts.funnel_reconcile",
        table="marts.mart_funnel",
        expects="the leads of the monthly cohorts add up to fct_lead_lifecycle",
        because="a funnel that starts with other people than the lead list is another funnel",
        rows="""
            with told as (
                select coalesce(sum(entered), 0) as entered
                from {batch}
                where view = 'cohort' and period_grain = 'month' and dimension = 'overall' and step = 'lead'
            ),
            counted as (
                select count(*) as journeys
                from marts.fct_lead_lifecycle
            )
            select told.entered as told, counted.journeys as expected
            from told
            cross join counted
            where told.entered <> counted.journeys
        """,
    )


def _amounts_converted() -> Check:
    return Check(
        id="marts.amounts_have_rates",
        table="marts.fct_opportunities",
        expects="every amount of the sources has an exchange rate",
        because="an amount without a rate is missing from revenue; add it to the seed exchange_rates",
        rows="""
            select source.currency, count(*) as opportunities
            from {batch} as opportunities
            join intermediate.int_canonical__opportunities as source
                on opportunities.opportunity_id = source.opportunity_id
            where opportunities.amount is null and source.amount is not null
            group by source.currency
        """,
    )


def _costs_converted() -> Check:
    return Check(
        id="marts.costs_have_rates",
        table="marts.fct_costs",
        expects="every cost line has an amount in the reporting currency",
        because="a cost without an exchange rate makes CPA too good; add it to the seed exchange_rates",
        rows="select cost_id from {batch} where amount is null",
    )


def _not_empty(scope: Scope) -> Check:
    """Return the check that facts are there when the sources have some; a company without a source has none."""
    pairs = (
        ("int_canonical__leads", "created_at", "fct_lead_lifecycle"),
        ("int_canonical__opportunities", "created_at", "fct_opportunities"),
        ("int_canonical__events", "occurred_at", "fct_events"),
    )
    return Check(
        id="marts.facts_not_empty",
        table="marts.mart_kpi_values",
        expects="facts are there for every kind of record that the sources have",
        because="an empty table is a lost join, not a quiet company",
        rows=union(
            [
                f"""
                select '{fact}' as empty_mart, count(*) as source_rows, (select count(*) from {{batch}}) as kpi_values
                from intermediate.{source}
                where {time} < {scope.as_of_sql} and not exists (from marts.{fact})
                having count(*) > 0
                """
                for source, time, fact in pairs
            ]
        ),
    )

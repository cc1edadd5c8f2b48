"""The marts gate: may what was built tonight be published?"""

from __future__ import annotations

from itertools import pairwise

from expectations import diagnosis, funnels, kpis, lifecycle, micro_conversions, reconciliations, speed, targets
from expectations.checks import Check, Scope, union
from expectations.published_marts import MARTS

# Times of facts: a run sees only what happened before its as_of.
FACT_TIMES: dict[str, tuple[str, ...]] = {
    "fct_events": ("occurred_at",),
    "fct_sessions": ("started_at", "ended_at"),
    "fct_email_messages": ("sent_at", "delivered_at", "bounced_at", "first_opened_at", "first_clicked_at"),
    "fct_lead_lifecycle": ("created_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "won_at", "lost_at"),
    "fct_lead_stage_events": ("entered_at",),
    "fct_hot_leads": ("hot_at",),
    "fct_micro_conversions": ("reached_at",),
    "fct_opportunities": ("created_at",),
    "fct_opportunity_stage_events": ("entered_at",),
    "fct_response_times": ("started_at", "ended_at"),
}

STAGES = ("created_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "won_at")

# Wide enough for addresses in URLs (`%40`); `contains` first, for it is many times cheaper than the expression.
EMAIL_ADDRESS = r"[\w.+-]+(@|%40)[\w-]+(\.[\w-]+)*\.[A-Za-z][A-Za-z]+"


def checks(scope: Scope) -> list[Check]:
    """Return the checks of the marts gate."""
    return [
        *(_promised_columns(table) for table in MARTS),
        *(_key(table) for table in MARTS),
        *(
            _no_addresses(table, columns)
            for table, columns in scope.text_columns.items()
            if table.startswith("marts.") and columns
        ),
        *(_before_as_of(scope, table, times) for table, times in FACT_TIMES.items()),
        _stages_in_order(),
        _funnel_shares(),
        _funnel_narrows(),
        _identity_shares(),
        _persons_add_up(),
        *_currencies(scope),
        *kpis.checks(),
        *lifecycle.checks(),
        *funnels.checks(),
        *reconciliations.checks(scope),
        *speed.checks(scope),
        *targets.checks(),
        *micro_conversions.checks(),
        *diagnosis.checks(),
    ]


def _promised_columns(table: str) -> Check:
    promised = ", ".join(f"('{column}')" for column in MARTS[table].columns)
    return Check(
        id=f"marts.{table}_columns",
        table=f"marts.{table}",
        expects="every column that was promised is there",
        because="reports and scripts are written against these names",
        rows=f"""
            select promised.column_name as missing_column
            from (values {promised}) as promised (column_name)
            anti join (describe {{batch}}) as built using (column_name)
        """,
    )


def _no_addresses(table: str, text_columns: list[str]) -> Check:
    return Check(
        id=f"{table}_has_no_addresses",
        table=table,
        expects="no text column holds an e-mail address",
        because="marts are read by many people; personal data stays in the warehouse",
        rows=union(
            [
                f"""
                select '{column}' as column_name, count(*) as addresses
                from {{batch}}
                where (contains("{column}"::varchar, '@') or contains("{column}"::varchar, '%40'))
                    and regexp_matches("{column}"::varchar, '{EMAIL_ADDRESS}')
                having count(*) > 0
                """
                for column in text_columns
            ]
        ),
    )


def _key(table: str) -> Check:
    mart = MARTS[table]
    names = ", ".join(mart.key)
    nulls = " or ".join(f"{column} is null" for column in mart.key if column not in mart.nullable_key)
    return Check(
        id=f"marts.{table}_key",
        table=f"marts.{table}",
        expects=f"{names} is not null and tells the rows apart",
        because="a doubled or nameless row is counted wrong in every join",
        rows=f"""
            select {names}, count(*) as times
            from {{batch}}
            group by {names}
            having count(*) > 1 or {nulls}
        """,
    )


def _before_as_of(scope: Scope, table: str, times: tuple[str, ...]) -> Check:
    return Check(
        id=f"marts.{table}_before_as_of",
        table=f"marts.{table}",
        expects=f"{', '.join(times)} lie before as_of",
        because="a fact of the future changes the numbers of a day that has not come",
        rows=union(
            [
                f"""
                select '{column}' as column_name, count(*) as times, max({column}) as latest, {scope.as_of_sql} as as_of
                from {{batch}}
                where {column} >= {scope.as_of_sql}
                having count(*) > 0
                """
                for column in times
            ]
        ),
    )


def _stages_in_order() -> Check:
    out_of_order = " or ".join(
        f"({later} is not null and ({earlier} is null or {later} < {earlier}))" for earlier, later in pairwise(STAGES)
    )
    return Check(
        id="marts.stages_in_order",
        table="marts.fct_lead_lifecycle",
        expects="no stage is reached before the one below it, or without it",
        because="steps of a funnel must be the same people",
        rows=f"select lead_id, {', '.join(STAGES)} from {{batch}} where {out_of_order}",
    )


def _funnel_shares() -> Check:
    return Check(
        id="marts.funnel_passed_within_entered",
        table="marts.mart_funnel",
        expects="those who passed a step are among those who entered it, and the pass rate is their share",
        because="a step that more people leave than enter counts different populations",
        rows="""
            select view, period_grain, period_start, dimension, dimension_value, step, entered, passed, pass_rate
            from {batch}
            where passed > entered
                or pass_rate not between 0 and 1
                or abs(pass_rate - passed / nullif(entered, 0)) > 1e-9
        """,
    )


def _funnel_narrows() -> Check:
    return Check(
        id="marts.funnel_narrows",
        table="marts.mart_funnel",
        expects="in the cohort view no step is entered by more journeys than the step before",
        because="each step's population holds the next one's",
        rows="""
            select period_grain, period_start, dimension, dimension_value, step, entered, entered_before
            from (
                select
                    *,
                    lag(entered) over (
                        partition by period_grain, period_start, dimension, dimension_value order by step_order
                    ) as entered_before
                from {batch}
                where view = 'cohort'
            ) as steps
            where entered > entered_before
        """,
    )


def _identity_shares() -> Check:
    return Check(
        id="marts.identity_shares",
        table="marts.mart_identity_summary",
        expects="each share of what is tied to a person or account lies between 0 and 1",
        because="a share above 1 counts a session, mail or sum twice",
        rows="select measure, value from {batch} where unit = 'ratio' and value not between 0 and 1",
    )


def _persons_add_up() -> Check:
    return Check(
        id="marts.identity_persons_add_up",
        table="marts.mart_identity_summary",
        expects="the persons of all cluster sizes are those of dim_person",
        because="a person without a record, or a record without a person, is missing from every report",
        rows="""
            with told as (
                select coalesce(sum(value), 0) as persons
                from {batch}
                where measure = 'persons' and dimension = 'records_per_person'
            ),
            counted as (
                select count(*) as persons
                from marts.dim_person
            )
            select told.persons as told, counted.persons as expected
            from told
            cross join counted
            where told.persons <> counted.persons
        """,
    )


def _currencies(scope: Scope) -> list[Check]:
    return [
        Check(
            id=f"marts.{table}_in_reporting_currency",
            table=f"marts.{table}",
            expects=f"each amount is in {scope.reporting_currency}, the reporting currency",
            because="a sum over currencies means nothing",
            rows=f"""
                select currency, count(*) as times
                from {{batch}}
                where amount is not null and currency is distinct from '{scope.reporting_currency}'
                group by currency
            """,
        )
        for table in ("fct_opportunities", "fct_lead_lifecycle")
    ]

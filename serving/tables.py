"""Rows for the terminal, read from the published marts as they are."""

from __future__ import annotations

from typing import Any

import duckdb

from leadmill.errors import InputError
from leadmill.settings import Home
from serving.files import path_literal

LATEST_MONTHS = 6


def funnel_table(home: Home) -> list[dict[str, Any]]:
    """Return the funnel of all journeys, one row a step.

    Raises:
        InputError: nothing is published yet.
    """
    return _rows(
        home,
        """
        select step, entered, passed, pass_rate, median_minutes
        from marts.mart_funnel
        where view = 'cohort' and period_grain = 'all' and dimension = 'overall'
        order by step_order
        """,
    )


def kpi_table(home: Home, phase: str | None = None) -> list[dict[str, Any]]:
    """Return the KPIs of the latest months, from gathering prospects to the goal, one row a KPI and month.

    Args:
        home: Where the marts are published.
        phase: introduction, growth or maturity, for the KPIs that matter most in it; all of them without.

    Raises:
        InputError: nothing is published yet.
    """
    return _rows(
        home,
        f"""
        select kpi_id, kpi_name, kpi_name_ja, csf_name, csf_name_ja, unit, strftime(period_start, '%Y-%m') as month,
            value, target, status, kpis.benchmark_low, kpis.benchmark_high
        from marts.mart_kpi_values
        join marts.dim_kpi as kpis using (kpi_id)
        where period_grain = 'month' and dimension = 'overall'
            and ($phase is null or kpi_id in (select kpi_id from marts.dim_kpi_phase where phase = $phase))
        qualify dense_rank() over (order by period_start desc) <= {LATEST_MONTHS}
        order by kpis.csf_order, kpis.kpi_order, kpi_id, month
        """,
        {"phase": phase},
    )


def open_marts(home: Home) -> duckdb.DuckDBPyConnection:
    """Open the marts that are served, read-only, so that `from marts.<table>` finds them.

    The file is attached under another name: opened directly, DuckDB calls the database `marts` after its file, and
    takes `marts.<table>` for ambiguous (`marts.marts.<table>` is not).

    Raises:
        InputError: nothing is published yet.
    """
    marts = home.published / "current" / "marts.duckdb"
    if not marts.exists():
        raise InputError(f"nothing is published in {home.published} yet; run `leadmill nightly` first")
    connection = duckdb.connect()
    connection.execute(f"attach {path_literal(marts)} as published (read_only); use published")
    return connection


def _rows(home: Home, query: str, parameters: dict[str, str | None] | None = None) -> list[dict[str, Any]]:
    with open_marts(home) as connection:
        return list(connection.sql(query, params=parameters).to_arrow_table().to_pylist())

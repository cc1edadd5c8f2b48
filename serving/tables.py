"""Rows for the terminal, read from the published marts as they are."""

from __future__ import annotations

from typing import Any

import duckdb

from leadmill.errors import InputError
from leadmill.settings import Home

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


def kpi_table(home: Home) -> list[dict[str, Any]]:
    """Return the KPIs of the latest months with their names and usual bands, one row a KPI and month.

    Raises:
        InputError: nothing is published yet.
    """
    return _rows(
        home,
        f"""
        select kpi_id, kpi_name, kpi_name_ja, unit, strftime(period_start, '%Y-%m') as month, value, status,
            kpis.benchmark_low, kpis.benchmark_high
        from marts.mart_kpi_values
        join marts.dim_kpi as kpis using (kpi_id)
        where period_grain = 'month' and dimension = 'overall'
        qualify dense_rank() over (order by period_start desc) <= {LATEST_MONTHS}
        order by kpi_id, month
        """,
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
    path = str(marts).replace("'", "''")
    connection = duckdb.connect()
    connection.execute(f"attach '{path}' as published (read_only); use published")
    return connection


def _rows(home: Home, query: str) -> list[dict[str, Any]]:
    with open_marts(home) as connection:
        return list(connection.sql(query).to_arrow_table().to_pylist())

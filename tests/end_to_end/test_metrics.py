"""What MetricFlow answers is what mart_kpi_values tells."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlClient, SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from leadmill.errors import InputError
from leadmill.semantic_layer import METRICS, NOT_A_METRIC, read_catalogue, semantic_layer
from leadmill.settings import Home
from tests.nights import query

Values = dict[tuple[str, str, str], float]

DISTINCT = {kpi["kpi_id"] for kpi in read_catalogue() if kpi["aggregation"] == "distinct"}
METRIC_NAMES = [kpi["kpi_id"] for kpi in read_catalogue() if kpi["aggregation"] != NOT_A_METRIC]


class DuckDbDialect:
    """As much of a SqlClient as MetricFlow needs to write a query; the test runs it."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


@pytest.fixture(scope="module")
def engine(once: Path) -> MetricFlowEngine:
    manifest = (Home(path=once).dbt_target / "semantic_manifest.json").read_text()
    lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(manifest))
    return MetricFlowEngine(lookup, cast(SqlClient, DuckDbDialect()))


def test_metrics_are_the_catalogue() -> None:
    assert METRICS.read_text(encoding="utf-8") == semantic_layer(read_catalogue()), (
        "run `python -m leadmill.semantic_layer`"
    )


@pytest.mark.parametrize(
    "renamed",
    [("connect_rate", "calls_connected"), ("cpa", "sessions_part"), ("cpa", "leads_part"), ("cost", "total_cost")],
)
def test_kpi_named_like_another_number_is_refused(renamed: tuple[str, str]) -> None:
    catalogue = [{**kpi, "kpi_id": renamed[1]} if kpi["kpi_id"] == renamed[0] else kpi for kpi in read_catalogue()]

    with pytest.raises(InputError, match=f"{renamed[1]} is named like a measure"):
        semantic_layer(catalogue)


@pytest.mark.parametrize(
    ("grain", "dimension", "entity"),
    [
        ("month", "overall", None),
        ("quarter", "overall", None),
        ("month", "channel", "channel"),
        ("week", "owner", "owner"),
    ],
)
def test_metrics_equal_the_mart(
    engine: MetricFlowEngine, once: Path, grain: str, dimension: str, entity: str | None
) -> None:
    shown = query(once, f"select kpi_id from marts.dim_kpi where list_contains(split(dimensions, ', '), '{dimension}')")
    metrics = [name for name in METRIC_NAMES if (name,) in shown]
    expected: Values = {
        (kpi_id, start, value): number
        for kpi_id, start, value, number in query(
            once,
            f"""
            select kpi_id, period_start::varchar, dimension_value, value from marts.mart_kpi_values
            where period_grain = '{grain}' and dimension = '{dimension}' and value is not null
            """,
        )
        if kpi_id in metrics
    }

    answered = _asked(engine, once, metrics, [f"metric_time__{grain}", *([entity] if entity else [])])

    # Counting the distinct members of a group that only other measures have gives 0; the mart has no row of it.
    found = {key: value for key, value in answered.items() if value or key in expected or key[0] not in DISTINCT}
    assert found
    assert found.keys() == expected.keys()
    assert {key: value for key, value in found.items() if not math.isclose(value, expected[key], rel_tol=1e-9)} == {}


def _asked(engine: MetricFlowEngine, home: Path, metrics: list[str], group_by: list[str]) -> Values:
    """Return what MetricFlow tells, without nulls: it has a row where any of the metrics has one."""
    request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=group_by)
    statement = engine.explain(request).sql_statement.sql
    with duckdb.connect(str(Home(path=home).warehouse), read_only=True) as connection:
        answer = connection.execute(statement)
        columns = [column[0] for column in answer.description or []]
        rows: list[dict[str, Any]] = [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
    return {
        (metric, str(row[group_by[0]].date()), row[group_by[1]] if len(group_by) > 1 else "all"): float(row[metric])
        for row in rows
        for metric in metrics
        if row[metric] is not None
    }

"""The peer of `benchmarks.nightly`: bare DuckDB on the same files and the same compiled SQL."""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from leadmill.settings import Home

IDENTITY_TAG = "identity_gate"


def load(home: Home) -> None:
    """Read every landed file into tables with DuckDB's own readers, typed as they guess."""
    with duckdb.connect(str(home.path / "bare_load.duckdb")) as connection:
        for number, folder in enumerate(sorted({path.parent for path in home.landing.rglob("*.parquet")})):
            connection.execute(
                f"create table parquet_{number} as from read_parquet($files, union_by_name = true, filename = true)",
                {"files": f"{folder}/*.parquet"},
            )
        pages = [str(path) for path in home.landing.rglob("*.jsonl")]
        connection.execute(
            "create table pages as from read_json_objects($files, format = 'newline_delimited', filename = true)",
            {"files": pages},
        )


def build(home: Home, part: str) -> None:
    """Run the SQL that dbt compiled for one half of the project on a copy of the warehouse's raw and seeds.

    Python models stay as dbt left them: their work is not SQL.
    """
    target = home.dbt_target
    manifest = json.loads((target / "manifest.json").read_text())
    models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    order = TopologicalSorter({name: node["depends_on"]["nodes"] for name, node in models.items()}).static_order()
    with duckdb.connect(str(home.warehouse)) as connection:
        for name in order:
            if name in models and _is_wanted(models[name], part):
                _create(connection, models[name], target)


def _is_wanted(node: dict[str, Any], part: str) -> bool:
    is_sql_table = node["language"] == "sql" and node["config"]["materialized"] in {"table", "view"}
    return is_sql_table and (IDENTITY_TAG in node["tags"]) == (part == "identity")


def _create(connection: duckdb.DuckDBPyConnection, node: dict[str, Any], target: Path) -> None:
    sql = (target / "compiled" / node["package_name"] / node["original_file_path"]).read_text()
    kind, schema, name = node["config"]["materialized"], node["schema"], node["alias"]
    connection.execute(f'create or replace {kind} "{schema}"."{name}" as {sql}')

"""The peer of `benchmarks.nightly`: bare DuckDB on the same files and the same compiled SQL."""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from ingestion.contract import systems
from leadmill.settings import Home

IDENTITY_TAG = "identity_gate"


def load(home: Home) -> None:
    """Read every landed Parquet file and API page into a table a stream, with DuckDB's own readers and guessed types.

    The CSV reports are left out: a few hundred rows each.
    """
    with duckdb.connect(str(home.path / "bare_load.duckdb")) as connection:
        for path in sorted(home.landing.rglob("manifest.json")):
            manifest = json.loads(path.read_text("utf-8"))
            reading, files = manifest["reading"], [str(path.parent / file["name"]) for file in manifest["files"]]
            table = f'"{manifest["source"]}__{reading["stream"]}"'
            if reading["format"] == "parquet":
                connection.execute(f"create table {table} as from read_parquet($files)", {"files": files})
            elif reading["format"] == "api_pages":
                records = systems()[reading["system"]].streams[reading["stream"]].records
                connection.execute(
                    f"""
                    create table {table} as select unnest("{records}") as record
                    from read_json($files, format = 'newline_delimited', maximum_object_size = 268435456,
                        ignore_errors = true)
                    """,
                    {"files": files},
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

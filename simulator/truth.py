"""The ground truth: who is who, what happened when, and every KPI, from the company's own tables.

A second implementation of docs/definitions.md that reads no export and shares nothing with the pipeline.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from simulator.exports.files import Mess, write_parquet
from simulator.world import SQL


def write(connection: duckdb.DuckDBPyConnection, folder: Path, mess: Mess) -> dict[str, int]:
    """Write a Parquet file for each table of the truth and return their numbers of rows."""
    connection.execute(
        "create table broken_rows (kind varchar, source varchar, stream varchar, file varchar, rows bigint)"
    )
    connection.executemany(
        "insert into broken_rows values (?, ?, ?, ?, ?)", [[*where, rows] for where, rows in mess.counts.items()]
    )
    for path in sorted((SQL / "truth").glob("*.sql")):
        connection.execute(path.read_text("utf-8"))
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'truth' order by table_name"
    ).fetchall()
    counts = {}
    for (name,) in tables:
        write_parquet(connection, f"from truth.{name}", folder / f"{name}.parquet")
        counts[name] = connection.execute(f"select count(*) from truth.{name}").fetchall()[0][0]
    return counts

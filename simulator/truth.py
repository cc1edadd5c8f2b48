"""The ground truth: who is who, what happened when, and every KPI, from the company's own tables."""

from __future__ import annotations

from pathlib import Path

import duckdb

from simulator.exports.files import Mess


def write(connection: duckdb.DuckDBPyConnection, folder: Path, mess: Mess) -> dict[str, int]:
    return {}

"""Each broken row that the simulator planted is set aside with a reason, and nothing else is."""

from pathlib import Path

import duckdb

from leadmill.settings import Home
from tests.nights import Company, query_warehouse


def test_every_planted_broken_row_is_quarantined_with_its_reason(company: Company, once: Path) -> None:
    connection = duckdb.connect()
    connection.execute(f"attach '{Home(path=once).warehouse}' as warehouse (read_only)")
    planted = _by_file(
        connection,
        "select source, stream, file, sum(rows) as rows from read_parquet($mess) where file is not null group by all",
        mess=str(company.folder / "truth" / "mess.parquet"),
    )

    found = _by_file(
        connection, "select source, stream, file, count(*) as rows from warehouse.ops.quarantine group by all"
    )

    assert planted
    assert found == planted
    reasons = query_warehouse(once, "select count(*) from ops.quarantine where reason is null or row_text is null")
    assert reasons == [(0,)]


def test_unknown_columns_are_kept_and_reported(once: Path) -> None:
    reported = query_warehouse(once, "select rows from ops.unknown_columns where column_name = 'privacy_info'")
    kept = query_warehouse(once, "select count(*) from raw.ga4__events where _extra ->> 'privacy_info' is not null")

    assert reported == kept
    assert kept[0][0] > 0


def _by_file(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: str) -> set[tuple[str, str, str, int]]:
    """Return (source, stream, dated folder and file, rows): what both sides' paths have in common."""
    return set(
        connection.execute(
            f"select source, stream, array_to_string(split(file, '/')[-2:], '/'), rows from ({sql})", parameters or None
        ).fetchall()
    )

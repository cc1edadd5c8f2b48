"""Google Ads: the downloaded campaign report, with title lines above and totals below."""

from __future__ import annotations

from pathlib import Path

import duckdb

from simulator.exports.files import Broken, Mess, export_sql, write_csv
from simulator.world import Delivery

_BROKEN = [
    Broken("wrong_column_count", "2026-01-01,search_brand,23000000000"),
    Broken("missing_required", "2026-01-01,search_brand,990001,Search,JPY,1,1,,0.00"),
]


def write(connection: duckdb.DuckDBPyConnection, delivery: Delivery, folder: Path, mess: Mess) -> None:
    """Write one delivery into `folder`."""
    path = folder / "campaign_report.csv"
    query = export_sql("google_ads")
    ((first, total),) = connection.execute(
        f"""
        select coalesce(min("Day"), ''), format('{{:,}}', coalesce(sum(replace("Cost", ',', '')::bigint), 0)::bigint)
        from ({query})
        """
    ).fetchall()
    write_csv(
        connection,
        query,
        path,
        encoding="utf-8",
        before=["Campaign report", f'"{first} - {delivery.day}"'],
        after=[*(row.text for row in _BROKEN), f'Total: Campaigns, , , , , , ,"{total}",0.00'],
    )
    for row in _BROKEN:
        mess.note(row.kind, "campaign_cost", path)

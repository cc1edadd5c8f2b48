"""Files without a connector: the card tool's export and the accountants' list of expenses, in CP932."""

from __future__ import annotations

from pathlib import Path

import duckdb

from simulator.exports.files import Broken, Mess, export_sql, write_csv
from simulator.world import Delivery

_BROKEN_CARDS = [
    Broken("text_in_date", "M9900000001,不明商会,,,不明 太郎,,,不明,,"),
    Broken("missing_required", ",不明商会,,,不明 次郎,,,2026/01/05,,"),
    Broken("wrong_column_count", "M9900000003,不明商会,2026/01/05"),
    # Half of a double-byte character, as a field that was cut to a number of bytes ends.
    Broken("invalid_bytes", "M9900000004,不明商会,,,不明 三\udc81,,,2026/01/05,,"),
]
_BROKEN_EXPENSES = [Broken("text_in_number", "2026/01/05,未定,広告費,,,見積中")]


def write(connection: duckdb.DuckDBPyConnection, delivery: Delivery, exports: Path, mess: Mess) -> None:
    """Write one delivery of both below `exports`."""
    day = delivery.day.isoformat()
    for source, stem, stream, broken in (
        ("business_cards", "meishi", "lead", _BROKEN_CARDS),
        ("expenses", "keihi", "cost", _BROKEN_EXPENSES),
    ):
        path = exports / source / day / f"{stem}_{delivery.day:%Y%m%d}.csv"
        write_csv(connection, export_sql(source), path, encoding="cp932", after=[row.text for row in broken])
        for row in broken:
            mess.note(row.kind, stream, path)

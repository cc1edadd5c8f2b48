"""GA4: the daily tables of the BigQuery export, as Parquet."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import duckdb

from simulator.exports.files import Mess, export_sql, write_parquet
from simulator.world import Delivery, Parameters, in_parallel, set_variables

_BROKEN = "union all by name select '20260101' as event_date, 'missing_required' as user_pseudo_id"


def write(
    connection: duckdb.DuckDBPyConnection, parameters: Parameters, delivery: Delivery, folder: Path, mess: Mess
) -> None:
    """Write one delivery into `folder`: its new days, and the day before them again, with the hits that came late."""
    query = export_sql("ga4")
    first = parameters.start + (delivery.since - parameters.deliveries()[0].since)
    again = first - timedelta(days=1)
    days = [first + timedelta(days=number) for number in range((delivery.day - first).days + 1)]

    def write_day(day: date, cursor: duckdb.DuckDBPyConnection) -> None:
        set_variables(cursor, {"day": day, "with_late": day < delivery.day})
        broken = _BROKEN if day == delivery.day else ""
        write_parquet(cursor, query + broken, _path(folder, day))

    wanted = [again, *days] if again >= parameters.start else days
    in_parallel(connection, [partial(write_day, day) for day in wanted])
    mess.note("missing_required", "events", _path(folder, delivery.day))


def _path(folder: Path, day: date) -> Path:
    return folder / f"events_{day:%Y%m%d}.parquet"

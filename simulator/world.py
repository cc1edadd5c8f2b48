"""The company itself: everything that happened, in the tables of a DuckDB database that no export shows as they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

SQL = Path(__file__).parent / "sql"
BUSINESS_TIMEZONE = "Asia/Tokyo"
REPORTING_CURRENCY = "JPY"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Delivery:
    """One dated folder of exports: what changed from `since` up to `until`, as it stood at `until` (UTC, naive)."""

    day: date
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Parameters:
    """What a sample company is made of; the same parameters give the same bytes."""

    days: int
    seed: int
    scale: float
    start: date
    nights: int

    @property
    def end(self) -> date:
        """The day after the last."""
        return self.start + timedelta(days=self.days)

    @property
    def as_of(self) -> datetime:
        """The moment the last delivery is complete, with its offset."""
        return datetime.combine(self.end, time(), ZoneInfo(BUSINESS_TIMEZONE))

    def deliveries(self) -> list[Delivery]:
        """Return the history and then each night."""
        first = self.days - self.nights
        bounds = [0, *range(first, self.days + 1)]
        return [
            Delivery(self.start + timedelta(days=until - 1), self._midnight(since), self._midnight(until))
            for since, until in pairwise(bounds)
        ]

    def variables(self) -> dict[str, object]:
        """Return what the SQL reads with getvariable()."""
        return {
            "seed": self.seed,
            "scale": self.scale,
            "days": self.days,
            "volume": self.scale * self.days / 365,
            "start_on": self.start,
            "end_on": self.end - timedelta(days=1),
            "start_at": self._midnight(0),
            "end_at": self._midnight(self.days),
            "nights_at": self._midnight(self.days - self.nights),
        }

    def _midnight(self, days: int) -> datetime:
        """Return the UTC time at which a business day begins."""
        local = datetime.combine(self.start + timedelta(days=days), time(), ZoneInfo(BUSINESS_TIMEZONE))
        return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


@contextmanager
def world(parameters: Parameters, scratch: Path, progress: Progress) -> Iterator[duckdb.DuckDBPyConnection]:
    """Make the company and yield the connection that holds it.

    Args:
        parameters: what to make.
        scratch: an existing folder for the database's file.
        progress: is told what is being made.
    """
    with duckdb.connect(str(scratch / "world.duckdb")) as connection:
        connection.execute("set preserve_insertion_order = true")
        set_variables(connection, parameters.variables())
        for path in sorted((SQL / "world").glob("*.sql")):
            progress(f"company: {path.stem[3:]}")
            connection.execute(path.read_text("utf-8"))
        yield connection


def in_parallel(
    connection: duckdb.DuckDBPyConnection, jobs: Iterable[Callable[[duckdb.DuckDBPyConnection], None]]
) -> None:
    """Run jobs that only read, each on a cursor of its own that has the connection's variables.

    A file is small or its pages need one order, so that a single query rarely keeps more than one core busy.
    """
    names = [name for (name,) in connection.execute("select name from duckdb_variables()").fetchall()]
    values = {name: connection.execute("select getvariable($name)", {"name": name}).fetchall()[0][0] for name in names}

    def run(job: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
        with connection.cursor() as cursor:
            set_variables(cursor, values)
            job(cursor)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(run, jobs):
            pass


def set_variables(connection: duckdb.DuckDBPyConnection, values: dict[str, object]) -> None:
    """Set variables that the SQL reads with getvariable()."""
    for name, value in values.items():
        connection.execute(f"set variable {name} = $value", {"value": value})

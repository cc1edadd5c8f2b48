"""Reports by day: which days a window asks for, in slices, and those that vendors restate again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, Field

from ingestion import connectors
from ingestion.connectors.settings import Fetched, Window

_DAY = timedelta(days=1)
_SLICE = timedelta(days=30)  # vendors answer a month at once without a job
_HISTORY = timedelta(days=3 * 365)  # of a first fetch without `start_on`: Meta keeps 37 months

# An account's number, also as the vendor's pages show it: 123-456-7890.
AccountId = Annotated[str, BeforeValidator(lambda value: str(value).replace("-", "")), Field(pattern=r"^\d+$")]

Ask = Callable[[date, date], Iterator[Fetched]]  # for the answers about the days from … to


class Settings(connectors.Settings):
    """What the connectors of daily reports have in common."""

    restatement_days: int = Field(30, ge=0)  # how far back vendors still change what they told of a day


class Slice(NamedTuple):
    """Days to ask for at once, and the cursor that stands when all of them have come."""

    first: date
    last: date
    cursor: str


def slices(window: Window, restatement_days: int) -> Iterator[Slice]:
    """Yield the days of a window, oldest first, with the days before its cursor that may have been restated.

    The last day is the one that has begun in UTC: every business day that has ended anywhere is among them, and an
    unfinished day is restated by the next fetch.
    """
    since = window.since(restatement_days * _DAY)
    last = window.until.astimezone(UTC).date()
    first = since.date() if since else last - _HISTORY
    while first <= last:
        end = min(first + _SLICE - _DAY, last)
        reached = window.until if end == last else datetime.combine(end + _DAY, time.min, UTC)
        yield Slice(first, end, reached.isoformat())
        first = end + _DAY


def fetch_days(ask: Ask, restatement_days: int, window: Window) -> Iterator[Fetched]:
    """Ask for each slice of a window's days; its last answer carries the cursor."""
    for first, last, cursor in slices(window, restatement_days):
        held: Fetched | None = None
        for fetched in ask(first, last):
            if held:
                yield held
            held = fetched
        if held:
            yield held._replace(cursor=cursor)

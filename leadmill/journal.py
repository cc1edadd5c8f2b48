"""What each run did and how it ended: one JSON line a step, appended to `runs.jsonl` in the data home.

A line is one write to a file opened for appending, so that sources extracted by parallel processes keep theirs whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
from pydantic import BaseModel

from leadmill.settings import Home

Outcome = Literal["done", "refused", "bad_input", "failed"]
_OUTCOMES: dict[int, Outcome] = {1: "failed", 2: "bad_input", 3: "refused"}


class Entry(BaseModel):
    """How one step of one run ended."""

    as_of: datetime
    step: str
    outcome: Outcome
    detail: str
    started_at: datetime
    finished_at: datetime


def file(home: Home) -> Path:
    """Return where the journal stands."""
    return home.path / "runs.jsonl"


@contextmanager
def entry(home: Home, as_of: datetime, step: str) -> Iterator[Callable[[str], None]]:
    """Write down how the body ended; the body gives its summary to the function it gets."""
    started_at = datetime.now(UTC)
    details: list[str] = []
    try:
        yield details.append
    except BaseException as error:
        outcome = _OUTCOMES[getattr(error, "exit_code", 1)]
        with suppress(OSError):  # a full disk must not hide what went wrong
            _write(home, as_of, step, outcome, str(error) or type(error).__name__, started_at)
        raise
    _write(home, as_of, step, "done", " ".join(details), started_at)


def last(home: Home) -> list[dict[str, Any]]:
    """Return the last entry of each step of the latest run, oldest first; empty when there was none."""
    if not file(home).exists():
        return []
    rows = duckdb.sql(
        """
        with entries as (
            from read_json($path, format = 'newline_delimited', ignore_errors = true, columns = {
                as_of: 'TIMESTAMPTZ', step: 'VARCHAR', outcome: 'VARCHAR', detail: 'VARCHAR',
                started_at: 'TIMESTAMPTZ', finished_at: 'TIMESTAMPTZ'})
        ),
        runs as (
            -- A run begins with its first extract after another step.
            select *, sum(is_first::int) over (order by started_at) as run
            from (
                select *, step like 'extract %' and lag(step, 1, '') over (order by started_at) not like 'extract %'
                    as is_first
                from entries
                where as_of is not null
            )
        )
        select * exclude (is_first, run) from runs
        where run = (select max(run) from runs)
        qualify row_number() over (partition by step order by finished_at desc) = 1
        order by finished_at
        """,
        params={"path": str(file(home))},
    ).to_arrow_table()
    return list(rows.to_pylist())


def _write(home: Home, as_of: datetime, step: str, outcome: Outcome, detail: str, started_at: datetime) -> None:
    line = Entry(
        as_of=as_of, step=step, outcome=outcome, detail=detail, started_at=started_at, finished_at=datetime.now(UTC)
    ).model_dump_json()
    home.path.mkdir(parents=True, exist_ok=True)
    # A line that a killed process left half-written must not swallow the next one.
    descriptor = os.open(file(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, b"\n" + line.encode() + b"\n")
    finally:
        os.close(descriptor)

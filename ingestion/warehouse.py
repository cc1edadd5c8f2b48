"""The warehouse file and its lock: one writer at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from leadmill.errors import LeadmillError
from leadmill.settings import Home

_LOCK_SECONDS = 2


@contextmanager
def writer_lock(home: Home) -> Iterator[None]:
    """Be the one writer of a data home; within one process the lock may be taken again.

    Raises:
        LeadmillError: another process writes; the message names it.
    """
    home.path.mkdir(parents=True, exist_ok=True)
    holder = home.path / ".writer.json"
    lock = FileLock(home.path / ".writer.lock", is_singleton=True, thread_local=False)
    try:
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout:
        raise _second_writer(home, holder) from None
    try:
        if lock.lock_counter == 1:
            holder.write_text(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat("T", "seconds")}))
        yield
    finally:
        if lock.lock_counter == 1:
            holder.unlink(missing_ok=True)
        lock.release()


def _second_writer(home: Home, holder: Path) -> LeadmillError:
    try:
        found = json.loads(holder.read_text())
        who = f"process {found['pid']} (since {found['since']})"
    except (FileNotFoundError, ValueError):  # it has just begun or ended
        who = "another process"
    return LeadmillError(f"{home.warehouse} is being written by {who}; wait for it or stop it. Nothing was changed.")


@contextmanager
def connect(home: Home, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse.

    Raises:
        LeadmillError: another process has it open.
    """
    try:
        connection = duckdb.connect(str(home.warehouse), read_only=read_only)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        raise LeadmillError(
            f"{home.warehouse} is open in another process; wait for it or close it. Nothing was changed. ({error})"
        ) from error
    with connection:
        yield connection

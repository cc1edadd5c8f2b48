"""The journal of erasures, `erasures.jsonl` in the data home: who was forgotten, as keyed hashes, and how it ended.

It is written before anything is removed, so that a killed erasure is seen and ended by running it again. It outlives
the warehouse: what is delivered again later is held against it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from ingestion.erasure.identifiers import Forgotten, Identifying, Keys, hash_of
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home

State = Literal["begun", "done", "allowed"]


class Entry(BaseModel):
    """One line of the journal."""

    model_config = ConfigDict(frozen=True)

    state: State
    at: datetime
    key_check: str
    hashes: list[str]
    asked: list[str] = []  # of the hashes: the addresses that were named
    counts: dict[str, int] = {}


class Request(NamedTuple):
    """What the erasure of an address, or several, are about, as hashes."""

    hashes: set[str]
    asked: set[str]


def file(home: Home) -> Path:
    """Return where the journal stands."""
    return home.path / "erasures.jsonl"


def forgotten(home: Home) -> Forgotten | None:
    """Return whom the home has forgotten; None if nobody.

    Raises:
        LeadmillError: the key is another than that of the journal: nobody could be recognised.
    """
    hashes: set[str] = set()
    for entry in _entries(home):
        hashes = hashes - set(entry.hashes) if entry.state == "allowed" else hashes | set(entry.hashes)
    return Forgotten(Keys.of(home), frozenset(hashes)) if hashes else None


def unfinished(home: Home) -> Request:
    """Return what belongs to erasures that were begun and did not end."""
    hashes: set[str] = set()
    asked: set[str] = set()
    for entry in _entries(home):
        if entry.state == "begun":
            hashes, asked = hashes | set(entry.hashes), asked | set(entry.asked)
        else:
            hashes, asked = hashes - set(entry.hashes), asked - set(entry.asked)
    return Request(hashes, asked)


def require_finished(home: Home) -> None:
    """Check that no erasure was interrupted.

    Raises:
        LeadmillError: one was; landing and raw may differ until it is run again.
    """
    if unfinished(home).hashes:
        raise LeadmillError(
            "an erasure was interrupted: run `leadmill erase` for that address again before anything else"
        )


def begin(home: Home, persons: Sequence[Request], at: datetime) -> None:
    """Write down that an erasure begins: a line for each address, so that each can be allowed alone."""
    _append(home, [_entry_of(home, "begun", person, at) for person in persons])


def end(home: Home, request: Request, at: datetime, counts: dict[str, int]) -> None:
    """Write down that an erasure ended, and what went."""
    _append(home, [_entry_of(home, "done", request, at).model_copy(update={"counts": counts})])


def allow(home: Home, address: str, at: datetime) -> int:
    """Take what is delivered from now on of a person who was erased, and came back of their own will.

    Returns:
        How many identifiers are known again: those that were erased together with the address.

    Raises:
        InputError: nobody with this address was erased.
        LeadmillError: an erasure was interrupted.
    """
    require_finished(home)
    wanted = hash_of(Identifying("email", "", address), Keys.of(home))
    known = forgotten(home)
    if known is None or wanted not in known.hashes:
        raise InputError("nobody with this address is being kept out; there is nothing to allow")
    # Only what begins an erasure tells one person's identifiers from those of others named in the same command.
    begun = [entry for entry in _entries(home) if entry.state == "begun" and wanted in entry.hashes]
    hashes = {found for entry in begun for found in entry.hashes}
    _append(home, [_entry_of(home, "allowed", Request(hashes, set()), at)])
    return len(hashes)


def _entry_of(home: Home, state: State, request: Request, at: datetime) -> Entry:
    return Entry(
        state=state,
        at=at,
        key_check=Keys.of(home).check,
        hashes=sorted(request.hashes),
        asked=sorted(request.asked),
    )


def _entries(home: Home) -> list[Entry]:
    if not file(home).exists():
        return []
    entries = [entry for line in file(home).read_text("utf-8").splitlines() if line and (entry := _entry(line))]
    if any(entry.key_check != Keys.of(home).check for entry in entries):
        raise LeadmillError(
            f"{file(home)} was written under another key (LEADMILL_ID_KEY, or id_key in the home): with this one"
            " erased persons could not be recognised. Run with the former key."
        )
    return entries


def _entry(line: str) -> Entry | None:
    """Return an entry; None for a line that a killed process left half-written, before it did anything."""
    try:
        return Entry.model_validate_json(line)
    except ValidationError:
        return None


def _append(home: Home, entries: Sequence[Entry]) -> None:
    descriptor = os.open(file(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # What a killed process left half-written must not swallow the first line.
        os.write(descriptor, "\n".join(["", *(entry.model_dump_json() for entry in entries), ""]).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Identifiers of persons in one form, and their keyed hashes: what may be kept of somebody who is to be forgotten."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

import duckdb

from ingestion.contract import Identifier
from ingestion.sql import literal
from leadmill.settings import Home

# The system of a record's id that does not tell which tool gave it (a login's user id).
ANY = "any"

_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_NARROW = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F))
_LETTERS = "A-Za-z0-9０-９Ａ-Ｚａ-ｚ"

# An address as it stands in text, JSON (\u0040, and no letter of an escape before it) or a URL (%40); group 1 is it.
# For DuckDB, and for Python, which must cut out what DuckDB has found.
ADDRESS = (
    r"(?:\\[nrtbf]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2})?"
    rf"([{_LETTERS}_][{_LETTERS}._+'．＿＋－-]*(?:@|＠|%40|\\u0040|\\uff20|\\uFF20)[{_LETTERS}.．－-]+)"
)


def system_of(source: str, record_type: str | None) -> str:
    """Return within what a record's id is unique: a source or its system, and the type where a column tells it."""
    return f"{source}/{record_type}" if record_type else source


def spellings(address: str) -> set[str]:
    """Return an address as it stands in text, in URLs, and in JSON of encoders that escape more than they need to."""
    for_html = "".join(f"\\u{ord(letter):04x}" if letter in "+'&" else letter for letter in address)
    full_width = json.dumps(address.translate(str.maketrans(_NARROW, _WIDE)))[1:-1]
    return {address, quote(address, safe=""), for_html, full_width}


class Identifying(NamedTuple):
    """One identifier of a person."""

    kind: Identifier
    system: str  # of a record's id: as `system_of` gives it, or `any`; else empty
    value: str


class Keys(NamedTuple):
    """The secret of a home, as the nested form of HMAC uses it."""

    inner: str
    outer: str
    id_key: str  # of ids that are built from columns

    @classmethod
    def of(cls, home: Home) -> Keys:
        """Return the keys that follow from the home's secret."""
        key = home.id_key()
        inner, outer = (sha256(f"erasure {use}|{key}".encode()).hexdigest() for use in ("inner", "outer"))
        return cls(inner, outer, key)

    @property
    def check(self) -> str:
        """A text that tells whether two runs have the same key."""
        return sha256(f"{self.outer}check".encode()).hexdigest()[:16]


class Forgotten(NamedTuple):
    """Whom no record may name any more."""

    keys: Keys
    hashes: frozenset[str]
    # In clear, of the person who is being erased now: what may stand in no text, such as a record's id in a note.
    texts: tuple[str, ...] = ()

    @property
    def pattern(self) -> str | None:
        """A regular expression for the texts in clear, for DuckDB and for Python with ASCII's word boundaries."""
        whole = (rf"{_edge(text[0])}{re.escape(text)}{_edge(text[-1])}" for text in self.texts)
        return f"(?i:{'|'.join(whole)})" if self.texts else None


def _edge(character: str) -> str:
    return r"\b" if re.match(r"\w", character, re.ASCII) else ""


def hash_of(identifying: Identifying, keys: Keys) -> str:
    """Return the keyed hash of an identifier, as `hash_sql` gives it."""
    text = "|".join((identifying.kind, identifying.system, _normal(identifying)))
    return sha256((keys.outer + sha256((keys.inner + text).encode()).hexdigest()).encode()).hexdigest()


def _normal(identifying: Identifying) -> str:
    value = identifying.value.strip()
    if identifying.kind != "email":
        return value
    plain = re.sub("%40|\\\\u0040|\\\\uff20", "@", value.lower())
    return plain.translate(str.maketrans(_WIDE, _NARROW)).lower().rstrip(".-")


def hash_sql(kind: str, system: str, value: str) -> str:
    """Return SQL for the keyed hash of an identifier; the session's variables hold the keys.

    Args:
        kind: an SQL expression, as the next ones.
        system: the record's.
        value: as it was found.
    """
    plain = rf"regexp_replace(lower(trim({value})), '%40|\\u0040|\\uff20', '@', 'g')"
    address = f"rtrim(lower(translate({plain}, {literal(_WIDE)}, {literal(_NARROW)})), '.-')"
    text = f"{kind} || '|' || {system} || '|' || case {kind} when 'email' then {address} else trim({value}) end"
    return f"sha256(getvariable('outer_key') || sha256(getvariable('inner_key') || {text}))"


def remember(connection: duckdb.DuckDBPyConnection, forgotten: Forgotten) -> None:
    """Give a session the keys, and the hashes as table `erased`."""
    connection.execute("set variable inner_key = $key", {"key": forgotten.keys.inner})
    connection.execute("set variable id_key = $key", {"key": forgotten.keys.id_key})
    connection.execute("set variable outer_key = $key", {"key": forgotten.keys.outer})
    connection.execute(
        "create or replace temp table erased as select unnest($hashes::varchar[]) as hash",
        {"hashes": sorted(forgotten.hashes)},
    )

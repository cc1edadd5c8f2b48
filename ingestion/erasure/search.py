"""Search every byte of a data home for texts that must not be in it: the proof that a person was forgotten."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import duckdb

from ingestion import segments
from ingestion.contract import quoted
from ingestion.sql import literal
from ingestion.text import COMPRESSIONS, byte_blocks
from leadmill.settings import Home

_BLOCK_BYTES = 1 << 22
_OVERLAP_BYTES = 1 << 12
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_NEEDLES_AT_ONCE = 10
_SHORTEST = 8  # a shorter one, unless it is an address, stands in other data by chance


class Searched(NamedTuple):
    """What a search found."""

    files: int
    bytes: int
    found: dict[Path, int]  # files that hold one, and how often


class _Needles(NamedTuple):
    """A text in every form in which bytes may hold it."""

    parts: tuple[bytes, ...]  # quick to find; in each form one of them
    whole: re.Pattern[bytes]
    plain: str  # a regular expression for DuckDB, on lower case


def search(home: Home, texts: Iterable[str], at: datetime | None = None) -> Searched:
    """Search the files of a home: as they are, decompressed, and the values of DuckDB and Parquet files.

    Args:
        home: the data home.
        texts: in any case; those too short to mean anything are left out.
        at: what collectors write or seal later is left out: it lands without persons who were erased.
    """
    needles = _needles_of(texts)
    files = [path for path in sorted(home.path.rglob("*")) if path.is_file() and not path.is_symlink()]
    if at:
        files = [path for path in files if not segments.is_later(home, path, at)]
    times = {path: _times_in_file(path, needles) for path in files}
    size = sum(path.stat().st_size for path in files)
    return Searched(len(files), size, {path: count for path, count in times.items() if count})


def holding(paths: Iterable[Path], texts: Iterable[str]) -> list[Path]:
    """Return the files that hold one of the texts."""
    needles = _needles_of(texts)
    return [path for path in paths if path.is_file() and _times_in_file(path, needles)]


def names(content: bytes, texts: Iterable[str]) -> bool:
    """Return whether one of the texts stands in it."""
    return _times_in_bytes([content], _needles_of(texts)) > 0


def _needles_of(texts: Iterable[str]) -> list[_Needles]:
    return [
        _needles(text) for text in sorted({text.lower() for text in texts}) if "@" in text or len(text) >= _SHORTEST
    ]


def _times_in_file(path: Path, needles: list[_Needles]) -> int:
    times = _times_in_bytes(_raw_blocks(path), needles)
    if path.suffix in COMPRESSIONS:
        times += _times_in_bytes(byte_blocks(path), needles)
    if path.suffix == ".duckdb":
        times += _times_in_database(path, needles)
    if path.suffix == ".sqlite":
        times += _times_in_bytes(_sqlite_values(path), needles)
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            times += _times_in_rows(connection, f"read_parquet({literal(str(path))})", needles)
    return times


def _needles(text: str) -> _Needles:
    wide = text.translate(_WIDE)
    written = {text, wide, text.replace("@", "\\u0040"), text.replace("@", "%40"), quote(text, safe="").lower()}
    if "\\" in text or "%" in text:  # it is a spelling of another text, and has none of its own
        written = {text}
    forms = {form.encode() for form in written} | {wide.encode("cp932", "ignore").lower()}
    # UTF-16 of either byte order: all but the last byte of one stands in the other.
    forms |= {form.encode("utf-16-le")[:-1].lower() for form in (text, wide)}
    # Not the end of another address, nor the beginning of a longer domain or number; letters of an escape are no part.
    before = rb"(?:(?<![a-z0-9._+\-])|(?<=\\[nrtbf])|(?<=%[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
    whole = before + b"(?:" + b"|".join(re.escape(form) for form in sorted(forms)) + rb")(?![a-z0-9-]|\.[a-z0-9])"
    # A value is searched as JSON, which doubles a backslash.
    in_value = "|".join(re.escape(form.replace("\\", "\\\\")) for form in sorted(written))
    plain = rf"(?:^|[^a-z0-9._+-]|\\[nrtbf]|%[0-9a-f]{{2}})(?:{in_value})(?:\.?[^a-z0-9.-]|\.?$)"
    core = max(re.split(r"[^a-z0-9]+", text.partition("@")[0]), key=len)
    wide_core = core.translate(_WIDE)
    encodings = (
        (core, "utf-8"),
        (core, "utf-16-le"),
        (wide_core, "utf-8"),
        (wide_core, "cp932"),
        (wide_core, "utf-16-le"),
    )
    return _Needles(tuple(part.encode(encoding).lower() for part, encoding in encodings), re.compile(whole), plain)


def _raw_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def _sqlite_values(path: Path) -> Iterator[bytes]:
    """Yield what a SQLite file's cells hold: in its bytes nothing parts a text from what stands before it."""
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("select name from sqlite_schema where type = 'table'").fetchall():
            for row in connection.execute(f"select * from {quoted(table)}"):
                yield "\n".join([*map(str, row), ""]).encode()


def _times_in_bytes(blocks: Iterable[bytes], needles: list[_Needles]) -> int:
    times, rest = 0, b""
    for block in blocks:
        content = rest + block.lower()
        for needle in needles:
            if any(part in content for part in needle.parts):
                # What ends in the overlap is counted with the next block.
                times += sum(found.end() > len(rest) for found in needle.whole.finditer(content))
        rest = content[-_OVERLAP_BYTES:]
    return times


def _times_in_database(path: Path, needles: list[_Needles]) -> int:
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(path))} as searched (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'searched'"
        ).fetchall()
        return sum(
            _times_in_rows(connection, f"searched.{quoted(schema)}.{quoted(table)}", needles)
            for schema, table in tables
        )


def _times_in_rows(connection: duckdb.DuckDBPyConnection, rows: str, needles: list[_Needles]) -> int:
    """Count rows: what DuckDB and Parquet compress is not in the file's bytes as it reads.

    A few texts at a time: the automaton of hundreds of spellings is too large to be kept, and then takes hours.
    """
    times = 0
    for first in range(0, len(needles), _NEEDLES_AT_ONCE):
        pattern = "|".join(needle.plain for needle in needles[first : first + _NEEDLES_AT_ONCE])
        [(found,)] = connection.execute(
            f"select count(*) from {rows} as content where regexp_matches(lower(to_json(content)::varchar), $pattern)",
            {"pattern": pattern},
        ).fetchall()
        times += int(found)
    return times

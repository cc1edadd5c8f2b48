"""Find what names somebody who is to be forgotten, in landed files. Set-based: each distinct value is hashed once."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from ingestion.batches import batch_file, shape_of
from ingestion.erasure.identifiers import ADDRESS, Forgotten, hash_sql, system_of
from ingestion.judging import value_of
from ingestion.parsing import is_nested
from ingestion.reading import Field, Reading
from ingestion.records import BatchFile, Shape, records_of
from ingestion.sql import literal
from ingestion.text import lines_sql

if TYPE_CHECKING:
    from ingestion.landing import LandedFile

_BATCH_FILES = 500
_JSON_STRINGS = r'"((?:[^"\\]|\\.)*)"'


class Copy(NamedTuple):
    """One landed file in the folder of its extract."""

    folder: Path
    file: LandedFile

    @property
    def path(self) -> Path:
        """The copy as it was delivered."""
        return self.folder / self.file.name


@dataclass
class Found:
    """What of one file has to go.

    Attributes:
        rows: numbers of the records that are about the person.
        cleared: of a record that stays, by its number: place and value of what it must forget.
        mentions: texts that name the person, by line; in a Parquet file by number of the record.
    """

    rows: set[int] = field(default_factory=set)
    cleared: dict[int, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    mentions: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def forgotten_by(self, row: int) -> set[str]:
        """Return the values that a record which stays is to forget."""
        return {value for _, value in self.cleared.get(row, ())}


def find(
    source: str, reading: Reading, files: Sequence[Copy], forgotten: Forgotten, connection: duckdb.DuckDBPyConnection
) -> dict[Path, Found]:
    """Return what has to go, by the landed copy; files that may stay as they are are left out.

    Args:
        source: the source's name.
        reading: how its files are read.
        files: of any of its extracts.
        forgotten: whom they may not name.
        connection: to work in; `identifiers.remember` has prepared it.
    """
    found: dict[Path, Found] = defaultdict(Found)
    fields = {each.name: each for each in reading.fields if each.column.identifies not in {None, "phone"}}
    for shape, batch in _batches(files, reading):
        # One path may have been delivered often: its place in the batch tells which one it is.
        parts = [
            batch_file(copy.file, copy.folder)._replace(path=f"{place}/{copy.file.path}")
            for place, copy in enumerate(batch)
        ]
        copies = {part.path: copy.path for part, copy in zip(parts, batch, strict=True)}
        for path, row, name, value in _identified(source, shape, parts, list(fields.values()), connection):
            if fields[name].column.on_erasure == "remove":
                found[copies[path]].rows.add(row)
            elif not _is_needed(fields[name], reading):
                found[copies[path]].cleared[row] |= {(place, value) for place in fields[name].paths}
        mentions = _mentioned_in_records if reading.format == "parquet" else _mentioned_in_lines
        for path, number, text in mentions(shape, parts, forgotten, connection):
            found[copies[path]].mentions[number].add(text)
    return dict(found)


def _batches(files: Sequence[Copy], reading: Reading) -> Iterator[tuple[Shape, list[Copy]]]:
    alike: dict[Shape, list[Copy]] = defaultdict(list)
    for copy in files:
        alike[shape_of(copy.file, reading)].append(copy)
    for shape, group in alike.items():
        for start in range(0, len(group), _BATCH_FILES):
            yield shape, group[start : start + _BATCH_FILES]


def _is_needed(cleared: Field, reading: Reading) -> bool:
    """Return whether the record could not stay without the value: its own id comes from the same column."""
    needed = {path for each in reading.fields if each.column.required for path in each.paths}
    return not needed.isdisjoint(cleared.paths)


def _identified(
    source: str,
    shape: Shape,
    parts: Sequence[BatchFile],
    fields: Sequence[Field],
    connection: duckdb.DuckDBPyConnection,
) -> list[tuple[Any, ...]]:
    """Return path, number, column and value of the records that carry an identifier of the person."""
    if not fields:
        return []
    records = records_of(shape, parts, connection).sql
    lists = ", ".join(_identifiers(each, source) for each in fields)
    connection.execute(
        f"""
        create or replace temp table carried as
        with found as (select distinct unnest(list_concat({lists}, [])) as found from ({records}) as records)
        select found.field, found.value
        from found
        where {hash_sql("found.kind", "found.system", "found.value")} in (from erased)
        """
    )
    if not connection.execute("from carried limit 1").fetchall():
        return []
    rows: list[tuple[Any, ...]] = connection.execute(
        f"""
        select path, row_number, found.field, found.value
        from (select path, row_number, unnest(list_concat({lists}, [])) as found from ({records}) as records)
        semi join carried on found.field = carried.field and found.value = carried.value
        """
    ).fetchall()
    return rows


def _identifiers(identified: Field, source: str) -> str:
    """Return SQL for what a record's column identifies, a list: addresses in it, else its values."""
    column, value = identified.column, value_of(identified)
    if is_nested(column) or column.type == "JSON":
        text = f"to_json({value})::varchar"
        values = f"regexp_extract_all({text}, {literal(_JSON_STRINGS)}, 1)"
    else:
        text = f"{value}::varchar"
        values = f"string_split({text}, ';')"
    if column.identifies == "email":
        values = f"list_concat({values}, regexp_extract_all({text}, {literal(ADDRESS)}, 1))"
    system = system_of(column.record_of or source, column.record_type) if column.identifies == "record" else ""
    return f"""
        list_transform({values}, lambda value: {{
            'field': {literal(identified.name)}, 'kind': {literal(str(column.identifies))},
            'system': {literal(system)}, 'value': value
        }})"""


def _mentioned_in_lines(
    _: Shape, parts: Sequence[BatchFile], forgotten: Forgotten, connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[str, int, str]]:
    """Yield path, line and text of each place that names the person, also beside the records of the stream."""
    lines = lines_sql("$files", max(part.longest_line for part in parts))
    files = {"files": [part.filename for part in parts]}
    ends = list(accumulate(part.lines for part in parts))
    for number, text in _mentioned(f"{lines}", "ordinality", "coalesce(line, '')", forgotten, connection, files):
        place = bisect_left(ends, number)
        yield parts[place].path, number - (ends[place - 1] if place else 0), text


def _mentioned_in_records(
    shape: Shape, parts: Sequence[BatchFile], forgotten: Forgotten, connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[str, int, str]]:
    records = f"({records_of(shape, parts, connection).sql}) as records"
    for (path, number), text in _mentioned(records, "(path, row_number)", "record", forgotten, connection, {}):
        yield path, number, text


def _mentioned(
    rows: str,
    key: str,
    text: str,
    forgotten: Forgotten,
    connection: duckdb.DuckDBPyConnection,
    parameters: dict[str, list[str]],
) -> list[tuple[Any, ...]]:
    """Return the key and the text as it stands of each place in rows that names the person."""
    own = forgotten.pattern and literal(forgotten.pattern)
    texts = f"regexp_extract_all({text}, {literal(ADDRESS)}, 1)"
    if own:
        texts = f"list_concat({texts}, regexp_extract_all({text}, {own}))"
    connection.execute(
        f"""
        create or replace temp table mentioned as
        with found as (select distinct unnest({texts}) as text from {rows})
        from found
        where {hash_sql("'email'", "''", "text")} in (from erased)
            or {f"regexp_full_match(text, {own})" if own else "false"}
        """,
        parameters,
    )
    if not connection.execute("from mentioned limit 1").fetchall():
        return []
    places: list[tuple[Any, ...]] = connection.execute(
        f"""
        select key, text
        from (select {key} as key, unnest({texts}) as text from {rows})
        semi join mentioned using (text)
        """,
        parameters,
    ).fetchall()
    return places

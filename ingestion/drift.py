"""Schema drift: columns of a source that are gone, have another name, or hold another type than they did.

None of it stops a load. A column that is gone is empty from then on; the values of one whose type changed are kept with
the unknown columns, and the raw gate refuses to publish marts without them; both are told in `ops.schema_changes`. New
columns are told in `ops.unknown_columns`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC
from difflib import get_close_matches
from typing import NamedTuple

import duckdb

from ingestion.contract import quoted
from ingestion.landing import LandedFile, Manifest
from ingestion.records import Shape

# Fewer rows may lack a column, or be broken in it, by chance: broken rows are set aside one by one.
FEWEST_ROWS = 20
FEWEST_MISFITS = 10
USUALLY_FILLED = 0.5


class Filled(NamedTuple):
    """How much of a file was loaded."""

    rows: int
    values: dict[str, int]  # that are not null, by column


def filled_values(connection: duckdb.DuckDBPyConnection, shape: Shape, new_rows: str) -> dict[str, Filled]:
    """Return for each file how many rows were loaded, and how many values of each column."""
    names = [field.name for field in shape.fields]
    counts = ", ".join(f"count({quoted(name)})" for name in names)
    found = connection.execute(f"select _file, count(*), {counts} from {new_rows} group by _file").fetchall()
    return {file: Filled(rows, dict(zip(names, values, strict=True))) for file, rows, *values in found}


def retyped_columns(
    connection: duckdb.DuckDBPyConnection, shape: Shape, filled: dict[str, Filled], new_quarantine: str
) -> dict[str, frozenset[str]]:
    """Return, by file, the columns of which more values misfit than fit: not broken rows, but another type.

    A column that is required, or part of the key, can't be left out: rows without it stay set aside.

    Args:
        connection: the warehouse, in the transaction that loads the files.
        shape: the files'.
        filled: what was loaded of each.
        new_quarantine: the quarantine, and the condition that selects what was set aside of these files.
    """
    may_be_empty = {field.name for field in shape.fields if not field.column.required} - set(shape.reading.contract.key)
    misfits = connection.execute(
        f"select file, column_name, count(*) from {new_quarantine} and column_name is not null group by all"
    ).fetchall()
    retyped: dict[str, frozenset[str]] = {}
    for file, column, times in misfits:
        fits = filled[file].values[column] if file in filled else 0
        if column in may_be_empty and times >= FEWEST_MISFITS and times > fits:
            retyped[file] = retyped.get(file, frozenset()) | {column}
    return retyped


def report(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    shape: Shape,
    files: Sequence[LandedFile],
    filled: dict[str, Filled],
) -> None:
    """Write down which columns changed: those that are gone once, those that do not fit for each file.

    Args:
        connection: the warehouse, in the transaction that loads the files.
        manifest: of the stream.
        shape: the files'.
        files: in the order in which they were delivered.
        filled: what was loaded of each.
    """
    source, stream = manifest.source, shape.reading.stream
    reading = hashlib.sha256(shape.reading.model_dump_json().encode()).hexdigest()[:16]
    known = connection.execute(
        "select column_name, share from ops.filled_columns where source = ? and stream = ? and reading = ?",
        [source, stream, reading],
    ).fetchall()
    shares: dict[str, float] = dict(known)
    changes: list[tuple[str, str, LandedFile, str]] = []
    for file in files:
        loaded = filled.get(file.path, Filled(0, {}))
        gone = []
        if loaded.rows >= FEWEST_ROWS:
            gone = [name for name, values in loaded.values.items() if not values and _was_filled(shares, name)]
            shares |= {name: values / loaded.rows for name, values in loaded.values.items()}
        changes += [_gone(connection, source, shape, file, name) for name in gone]
        changes += [
            (name, "retyped", file, "most values do not fit; they are kept in _extra") for name in sorted(shape.retyped)
        ]
    # A file that is read anew, by a mapping or contract that was mended, may fit now.
    connection.execute(
        "delete from ops.schema_changes where source = ? and stream = ? and file in ? and change = 'retyped'",
        [source, stream, [file.path for file in files]],
    )
    for name, change, file, detail in changes:
        connection.execute(
            "insert into ops.schema_changes values (?, ?, ?, ?, ?, ?, ?)",
            [source, stream, name, change, file.path, file.delivered_at.astimezone(UTC).replace(tzinfo=None), detail],
        )
    if shares != dict(known):
        connection.execute(
            """
            insert or replace into ops.filled_columns
            select $source, $stream, $reading, unnest($names), unnest($shares)
            """,
            {
                "source": source,
                "stream": stream,
                "reading": reading,
                "names": list(shares),
                "shares": list(shares.values()),
            },
        )


def _was_filled(shares: dict[str, float], name: str) -> bool:
    return shares.get(name, 0) >= USUALLY_FILLED


def _gone(
    connection: duckdb.DuckDBPyConnection, source: str, shape: Shape, file: LandedFile, name: str
) -> tuple[str, str, LandedFile, str]:
    """Return the change of a column that a file lacks: a column that came with the same file may be its new name."""
    new = connection.execute(
        "select column_name from ops.unknown_columns where source = ? and stream = ? and first_file = ?",
        [source, shape.reading.stream, file.path],
    ).fetchall()
    [place] = [field.paths[0] if field.paths else name for field in shape.fields if field.name == name]
    nearest = get_close_matches(place, [column for (column,) in new], n=1)
    if nearest:
        return name, "renamed", file, f"perhaps it is {nearest[0]!r} now: name that in the contract or the mapping"
    return name, "removed", file, "no row of the file has a value"

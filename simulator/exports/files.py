"""Files as tools write them: pages of API responses, CSV in the encodings of the trade, and their broken rows."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb

from simulator.world import SQL, set_variables

# No character of the data: with it as delimiter, DuckDB's CSV writer puts lines out as they are.
_UNUSED = "\x01"


class Broken(NamedTuple):
    """A row that no reader should accept: what is wrong with it, and its text."""

    kind: str
    text: str


@dataclass
class Mess:
    """What is wrong in the files on purpose, counted by kind, source, stream and file."""

    root: Path
    counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def note(self, kind: str, stream: str, path: Path) -> None:
        """Count one broken row of a file below ``<root>/<source>``."""
        relative = path.relative_to(self.root)
        self.counts[kind, relative.parts[0], stream, relative.as_posix()] += 1


class Pages(NamedTuple):
    """How an API wraps its records: its page size, and SQL that makes a line of `records`, `page`, `pages`, `total`."""

    size: int
    line: str


def export_sql(name: str) -> str:
    """Return the query of an export, for example ``hubspot/contacts``."""
    return (SQL / "exports" / f"{name}.sql").read_text("utf-8")


def write_pages(
    connection: duckdb.DuckDBPyConnection, query: str, pages: Pages, path: Path, broken: Sequence[Broken] = ()
) -> None:
    """Write records as API responses, one response page a line.

    Args:
        connection: the company.
        query: gives `position` and `record` (JSON text).
        pages: the API's envelope.
        path: the file.
        broken: further records, as JSON text; they stand last.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    set_variables(connection, {"broken": [row.text for row in broken]})
    connection.execute(
        f"""
        copy (
            with
            found as (
                select position, record from ({query})
                union all
                select null, unnest(getvariable('broken')::varchar[])
            ),
            numbered as (
                select
                    record,
                    row_number() over (order by position nulls last, record) - 1 as number,
                    count(*) over () as total
                from found
            ),
            filled as (
                select
                    number // {pages.size} as page,
                    any_value(total) as total,
                    string_agg(record, ',' order by number) as records
                from numbered
                group by page
                union all
                -- Nothing to tell is a response, too.
                select 0, 0, '' where not exists (from found)
            ),
            counted as (select *, count(*) over () as pages from filled)
            select {pages.line} from counted order by page
        ) to '{_quoted(path)}' (format csv, header false, quote '', escape '', delimiter '{_UNUSED}')
        """
    )


def append_cut_line(path: Path) -> None:
    """Append the beginning of the first line once more, as a broken transfer leaves it."""
    with path.open(encoding="utf-8") as file:
        line = file.readline(400).rstrip("\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(line[: max(12, len(line) // 2)] + "\n")


def write_csv(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    path: Path,
    *,
    encoding: str,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> None:
    """Write a report as tools on Windows do, with lines of their own before the header and after the rows.

    Args:
        connection: the company.
        query: gives the rows.
        path: the file.
        encoding: a Python codec, for example ``cp932``.
        before: lines above the header.
        after: lines below the rows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_suffix(".utf8")
    connection.execute(f"copy ({query}) to '{_quoted(plain)}' (format csv, header true)")
    # Surrogates in broken lines stand for single bytes.
    errors = "surrogateescape"
    with path.open("w", encoding=encoding, errors=errors, newline="\r\n") as file, plain.open(encoding="utf-8") as rows:
        file.writelines(f"{line}\n" for line in before)
        shutil.copyfileobj(rows, file)
        file.writelines(f"{line}\n" for line in after)
    plain.unlink()


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of a query as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"copy ({query}) to '{_quoted(path)}' (format parquet)")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

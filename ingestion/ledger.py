"""What was loaded, what was set aside, and which columns nobody named: the tables of schema ``ops``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

from ingestion.contract import quoted
from ingestion.landing import LandedFile, Manifest
from ingestion.records import Records
from ingestion.sql import literal
from ingestion.text import MARK
from ingestion.warehouse import connect
from leadmill.errors import LeadmillError
from leadmill.settings import Home

_MOST_UNKNOWN, _LONGEST_NAME = 1000, 200  # columns of a stream that are reported, characters

_TABLES = """
create schema if not exists ops;

-- Every landed file that was loaded; written in the transaction that loads its rows.
create table if not exists ops.files (
    source varchar not null,
    system varchar not null,
    stream varchar not null,
    file varchar not null,
    sha256 varchar not null,
    extract_id varchar not null,
    landed_name varchar not null,
    delivered_at timestamp not null,
    loaded_at timestamp not null,
    bytes bigint not null,
    rows_in bigint not null,
    rows_loaded bigint not null,
    rows_quarantined bigint not null,
    furniture_lines bigint not null,
    rows_erased bigint not null default 0,
    erasures bigint not null default 0,
    primary key (source, stream, extract_id, landed_name)
);

-- Of a warehouse from before erasures.
alter table ops.files add column if not exists rows_erased bigint default 0;
alter table ops.files add column if not exists erasures bigint default 0;

-- Every row that was set aside, with its text and the reason.
create table if not exists ops.quarantine (
    source varchar not null,
    stream varchar not null,
    file varchar not null,
    row_number bigint not null,
    reason varchar not null,
    column_name varchar,
    row_text varchar not null,
    quarantined_at timestamp not null
);

-- Every column that a source delivers and the raw contract does not name; its values stand in `_extra`.
create table if not exists ops.unknown_columns (
    source varchar not null,
    stream varchar not null,
    column_name varchar not null,
    first_file varchar not null,
    rows bigint not null,
    primary key (source, stream, column_name)
);

-- How the columns of each stream changed from one delivery to the next; new ones stand in `unknown_columns`.
create table if not exists ops.schema_changes (
    source varchar not null,
    stream varchar not null,
    column_name varchar not null,
    change varchar not null,  -- removed, renamed or retyped
    file varchar not null,
    delivered_at timestamp not null,
    detail varchar not null
);

-- What share of a column's values was filled in the last file of each way of reading a stream.
create table if not exists ops.filled_columns (
    source varchar not null,
    stream varchar not null,
    reading varchar not null,
    column_name varchar not null,
    share double not null,
    primary key (source, stream, reading, column_name)
);

-- How old what is known of each source is, at the as_of of the latest load.
create table if not exists ops.source_freshness (
    source varchar not null,
    stream varchar,  -- null: the source has never delivered anything
    as_of timestamp not null,
    last_delivered_at timestamp,
    last_record_at timestamp,
    lag_hours double,
    freshness_hours double not null,
    is_late boolean not null,
    files bigint not null,
    rows_loaded bigint not null,
    rows_quarantined bigint not null
);
"""


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the ledger, the quarantine and the list of unknown columns where they are missing."""
    connection.execute(_TABLES)


def enter(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    file: LandedFile,
    *,
    rows_loaded: int,
    rows_quarantined: int,
    loaded_at: datetime,
) -> None:
    """Write a landed file into the ledger. Rows in are those that were delivered; erased ones are in no copy.

    Raises:
        LeadmillError: rows in the copy are not rows loaded and quarantined.
    """
    if file.found.rows != rows_loaded + rows_quarantined:
        raise LeadmillError(
            f"{manifest.source} {manifest.reading.stream}, {file.path}: {file.found.rows:,} rows came in, but"
            f" {rows_loaded:,} were loaded and {rows_quarantined:,} quarantined; rolled back. Please report it."
        )
    connection.execute(
        """
        insert into ops.files values (
            $source, $system, $stream, $file, $sha256, $extract_id, $landed_name, $delivered_at, $loaded_at,
            $bytes, $rows_in, $rows_loaded, $rows_quarantined, $furniture_lines, $rows_erased, $erasures
        )
        """,
        {
            "source": manifest.source,
            "system": manifest.reading.system,
            "stream": manifest.reading.stream,
            "file": file.path,
            "sha256": file.sha256,
            "extract_id": manifest.extract_id,
            "landed_name": file.name,
            "delivered_at": file.delivered_at.astimezone(UTC).replace(tzinfo=None),
            "loaded_at": loaded_at,
            "bytes": file.bytes,
            "rows_in": file.found.rows + file.rows_erased,
            "rows_loaded": rows_loaded,
            "rows_quarantined": rows_quarantined,
            "furniture_lines": file.found.furniture_lines,
            "rows_erased": file.rows_erased,
            "erasures": file.erasures,
        },
    )


def loaded_files(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str, str]]:
    """Return source, stream, extract and name in the landing of every file that was loaded."""
    return set(connection.execute("select source, stream, extract_id, landed_name from ops.files").fetchall())


def set_aside(connection: duckdb.DuckDBPyConnection, records: Records, parameters: dict[str, Any]) -> None:
    """Write the records that do not fit into the quarantine.

    Args:
        connection: the warehouse.
        records: the records of the batch.
        parameters: source, stream and loaded_at.
    """
    connection.execute(
        f"""
        insert into ops.quarantine
        select
            $source, $stream, path, row_number, reason, column_name, replace(record, '{MARK}', ''), $loaded_at
        from ({records.sql}) as records
        where reason is not null
        """,
        parameters,
    )


def set_aside_whole(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, file: LandedFile, loaded_at: datetime
) -> None:
    """Write every record of a file that can't be read into the quarantine, and the file into the ledger.

    The records have no text; the file stays in the landing.
    """
    connection.execute(
        """
        insert into ops.quarantine
        select $source, $stream, $file, unnest(range(1, $rows + 1)), $reason, null, $kept, $loaded_at
        """,
        {
            "source": manifest.source,
            "stream": manifest.reading.stream,
            "file": file.path,
            "rows": file.found.rows,
            "reason": f"the {manifest.reading.format} file is damaged; have it delivered again",
            "kept": f"kept in the landing: {manifest.extract_id}/{file.name}",
            "loaded_at": loaded_at,
        },
    )
    enter(connection, manifest, file, rows_loaded=0, rows_quarantined=file.found.rows, loaded_at=loaded_at)


def report_unknown_columns(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, records: Records, new_rows: str
) -> None:
    """Add the columns that the contract does not name, with how many rows have come with them.

    A source whose keys are data, or strangers who may send any, would make ever more of them: past some names, those
    that are new are kept in the rows' `_extra` alone.

    Args:
        connection: the warehouse.
        manifest: of the stream.
        records: the records of the batch.
        new_rows: the table with the rows that were loaded, and the condition that selects them.
    """
    parameters: dict[str, Any] = {"source": manifest.source, "stream": manifest.reading.stream}
    if records.unknown_columns is None:
        keys = _unknown_keys(records.unknown_parents)
        found = f"select _file, unnest({keys}) as column_name, 1 as times from {new_rows} and _extra is not null"
    else:
        files = f"(select _file, count(*) as times from {new_rows} group by _file)"
        found = f"select _file, unnest($columns) as column_name, times from {files}"
        parameters["columns"] = records.unknown_columns
    connection.execute(
        f"""
        insert into ops.unknown_columns
        with known as (
            select column_name from ops.unknown_columns where source = $source and stream = $stream
        ),
        came as (
            select column_name, min(_file) as first_file, sum(times) as rows
            from ({found}) where length(column_name) <= {_LONGEST_NAME}
            group by column_name
        )
        select $source, $stream, column_name, first_file, rows
        from came
        qualify
            column_name in (from known)
            or row_number() over (partition by column_name in (from known) order by first_file, column_name)
            <= {_MOST_UNKNOWN} - (select count(*) from known)
        on conflict (source, stream, column_name) do update set rows = unknown_columns.rows + excluded.rows
        """,
        parameters,
    )


def _unknown_keys(parents: list[str]) -> str:
    """Return SQL for the dotted keys in `_extra`; objects that hold known fields too are looked into."""
    keys = []
    for parent in ["", *parents]:
        place = "$" + "".join("." + quoted(part) for part in parent.split(".") if part)
        above = f"{parent}." if parent else ""
        within = ", ".join(literal(path.removeprefix(above)) for path in ["", *parents])
        keys.append(
            f"list_transform(list_filter(json_keys(_extra, {literal(place)}), lambda key: key not in ({within})),"
            f" lambda key: {literal(above)} || key)"
        )
    return f"list_concat({', '.join(keys)})"


def quarantine(home: Home) -> list[dict[str, Any]]:
    """Return what was set aside, file by file, the latest file first; empty when there is no warehouse yet."""
    return read(
        home,
        """
        select source, stream, file, row_number, reason, column_name, row_text, quarantined_at
        from ops.quarantine
        order by quarantined_at desc, source, stream, file, row_number
        """,
    )


def schema_changes(home: Home) -> list[dict[str, Any]]:
    """Return how columns of the sources changed, the latest change first; empty when there is no warehouse yet."""
    return read(home, "from ops.schema_changes order by delivered_at desc, source, stream, column_name")


def read(home: Home, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a question to the warehouse; none when there is no warehouse yet."""
    if not home.warehouse.exists():
        return []
    with connect(home, read_only=True) as connection:
        connection.execute("set python_enable_replacements = false")  # a table that is not there is no Python object
        try:
            return list(connection.sql(sql).to_arrow_table().to_pylist())
        except duckdb.CatalogException:  # a warehouse of an older version: the next load makes the table
            return []

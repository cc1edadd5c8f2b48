"""Publish the marts as one read-only version: a DuckDB file, Parquet files and a manifest.

A version is written to a folder beside the others, made durable, renamed, and then switched to. A run that dies on
the way leaves `current` as it was; its folder is removed by the next publish.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from leadmill.errors import LeadmillError
from leadmill.settings import Home
from serving import restatements
from serving.files import path_literal, stored, sync
from serving.versions import UNFINISHED, Table, Version, prune, serve

# The storage of DuckDB 1.0, which any client since then can read; 2.0's own is unreadable for 1.x clients.
STORAGE_VERSION = "v1.0.0"
READ_ONLY = 0o444
READABLE_FOLDER = 0o755  # whatever the process's umask: BI tools may run as another user


class Code(NamedTuple):
    """What built the marts: Leadmill's version, and a hash of the models, macros and seeds they follow from."""

    version: str
    definitions_hash: str


def publish(
    home: Home,
    as_of: datetime,
    started_at: datetime,
    code: Code,
    zone: ZoneInfo,
    progress: Callable[[str], None],
) -> Version:
    """Publish what stands in schema `marts` of the warehouse, and serve it.

    Args:
        home: The data home.
        as_of: The moment the marts speak of, aware.
        started_at: When the run began, aware.
        code: What built the marts.
        zone: The business time zone, in which periods end.
        progress: Is told each table.

    Returns:
        The version that is served now.

    Raises:
        LeadmillError: there are no marts, or they could not be written (a full disk); the former version stays served.
    """
    home.published.mkdir(parents=True, exist_ok=True)
    home.published.chmod(READABLE_FOLDER)
    for leftover in home.published.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover)
    name = _next_name(home, as_of)
    folder = home.published / f"{UNFINISHED}{name}"
    try:
        (folder / "parquet").mkdir(parents=True)
        tables = _write_marts(home, folder, name, as_of, started_at, code, zone, progress)
        version = Version(
            version=name,
            as_of=as_of.astimezone(UTC),
            started_at=started_at.astimezone(UTC),
            finished_at=datetime.now(UTC),
            code_version=code.version,
            tables=tables,
        )
        (folder / "manifest.json").write_text(version.model_dump_json(indent=1), "utf-8")
        _make_durable(folder)
        folder.rename(home.published / name)
        sync(home.published)
        serve(home, name, "publish")
    except (OSError, duckdb.Error) as error:
        raise LeadmillError(f"version {name} could not be published; what was served stays: {error}") from error
    finally:
        if folder.exists():
            shutil.rmtree(folder)
    prune(home)
    return version


def content_hash(connection: duckdb.DuckDBPyConnection, table: str) -> Table:
    """Return rows, columns and content hash of a table.

    The hash is SHA-256 over the columns' names and types, the number of rows, and the sums of both halves of each
    row's MD5 (the row as JSON). Sums do not depend on the order of rows, and, unlike XOR, tell a doubled row.
    """
    columns = {name: str(kind) for name, kind, *_ in connection.execute(f"describe {table}").fetchall()}
    [(rows, lower, upper)] = connection.execute(
        f"""
        with digests as (select md5(to_json(content)::varchar) as digest from {table} as content)
        select count(*), sum(('0x' || left(digest, 16))::ubigint), sum(('0x' || right(digest, 16))::ubigint)
        from digests
        """
    ).fetchall()
    digest = hashlib.sha256(repr((list(columns.items()), rows, lower, upper)).encode()).hexdigest()
    return Table(rows=rows, columns=columns, content_hash=digest)


def _next_name(home: Home, as_of: datetime) -> str:
    """Return the first name of this as_of, `<as_of>-<number>`, that is not taken."""
    moment = f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    taken = [int(path.name.rpartition("-")[2]) for path in home.published.glob(f"{moment}-*")]
    return f"{moment}-{max(taken, default=0) + 1}"


def _write_marts(
    home: Home,
    folder: Path,
    name: str,
    as_of: datetime,
    started_at: datetime,
    code: Code,
    zone: ZoneInfo,
    progress: Callable[[str], None],
) -> dict[str, Table]:
    """Copy the marts into the folder's DuckDB file and Parquet files; return what was written."""
    spill = folder / "spill"
    with duckdb.connect(config={"temp_directory": str(spill)}) as connection:
        marts = path_literal(folder / "marts.duckdb")
        connection.execute(f"attach {path_literal(home.warehouse)} as warehouse (read_only)")
        connection.execute(f"attach {marts} as published (storage_version '{STORAGE_VERSION}')")
        connection.execute("create schema published.marts")
        found = connection.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = 'warehouse' and table_schema = 'marts' order by table_name"
        ).fetchall()
        if not found:
            raise LeadmillError(f"nothing to publish: {home.warehouse} has no table in schema marts")
        for (table,) in found:
            # Ordered by all columns: the same marts give the same files.
            connection.execute(f'create table published.marts."{table}" as from warehouse.marts."{table}" order by all')
        connection.execute(
            """
            create table published.marts.mart_run as
            select $version as version, $as_of::timestamp as as_of, $started_at::timestamp as started_at,
                $finished_at::timestamp as finished_at, $code_version as code_version,
                $definitions_hash as definitions_hash, $business_timezone as business_timezone
            """,
            {
                "version": name,
                "as_of": stored(as_of),
                "started_at": stored(started_at),
                "finished_at": stored(datetime.now(UTC)),
                "code_version": code.version,
                "definitions_hash": code.definitions_hash,
                "business_timezone": zone.key,
            },
        )
        restatements.write(connection, home, name, as_of, zone)
        tables = {}
        for table in [*(table for (table,) in found), "mart_run", restatements.TABLE]:
            source = f'published.marts."{table}"'
            target = path_literal(folder / "parquet" / f"{table}.parquet")
            connection.execute(f"copy {source} to {target} (format parquet, compression zstd)")
            tables[table] = content_hash(connection, source)
            progress(f"{table}: {tables[table].rows:,} rows")
    if spill.exists():
        shutil.rmtree(spill)
    return tables


def _make_durable(folder: Path) -> None:
    """Make every file of a version read-only and flush it, and its folders, to the disk."""
    for parent, _, files in os.walk(folder, topdown=False):
        for file in files:
            (Path(parent) / file).chmod(READ_ONLY)
            sync(Path(parent) / file)
        Path(parent).chmod(READABLE_FOLDER)
        sync(Path(parent))

"""Load landed files into raw: set-based, each file once, rows in = rows loaded + rows quarantined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from ingestion import drift, ledger
from ingestion.batches import batch_file, shape_of
from ingestion.contract import create_raw_tables, quoted, table_name
from ingestion.direct import direct_sql
from ingestion.erasure import requests
from ingestion.judging import value_of
from ingestion.landing import LandedFile, Manifest, manifests
from ingestion.records import Shape, records_of
from ingestion.transforms import register_functions
from ingestion.warehouse import connect, writer_lock
from leadmill.errors import LeadmillError
from leadmill.settings import Home

# Files of one shape are read by one statement, up to this size: a transaction stays small enough for its memory.
_BATCH_BYTES = 1 << 30
_BATCH_FILES = 500
_FAULTS = (duckdb.IOException, duckdb.OutOfMemoryException)  # of the machine, whatever the files hold
_BEHIND_THE_END = "Could not read enough bytes"  # but for a Parquet footer that points behind the file's end


@dataclass(frozen=True)
class LoadResult:
    """What a load brought into raw."""

    files: int
    rows_loaded: int
    rows_quarantined: int

    def __add__(self, other: LoadResult) -> LoadResult:
        return LoadResult(
            self.files + other.files,
            self.rows_loaded + other.rows_loaded,
            self.rows_quarantined + other.rows_quarantined,
        )

    def __str__(self) -> str:
        set_aside = f", {self.rows_quarantined:,} quarantined" if self.rows_quarantined else ""
        return f"{self.files:,} file(s), {self.rows_loaded:,} rows loaded{set_aside}"


class Landed(NamedTuple):
    """One landed file with its extract."""

    folder: Path
    manifest: Manifest
    file: LandedFile

    @property
    def shape(self) -> Shape:
        """What it has in common with files that one statement can read together with it."""
        return shape_of(self.file, self.manifest.reading)


def load(home: Home, as_of: datetime, progress: Callable[[str], None], source: str = "*") -> LoadResult:
    """Load every landed file that the ledger does not name; create missing raw tables.

    Args:
        home: the data home.
        as_of: the run's moment, aware; files delivered later are left for a later run.
        progress: gets a line for each batch of files.
        source: only this one's; all by default.

    Raises:
        LeadmillError: a second writer, a full disk, or rows that went missing; what was being loaded is rolled back.
            Or an erasure was interrupted.
    """
    requests.require_finished(home)
    total = LoadResult(0, 0, 0)
    with writer_lock(home), connect(home) as connection:
        create_raw_tables(connection)
        ledger.create_tables(connection)
        connection.execute("set variable id_key = $key", {"key": home.id_key()})
        register_functions(connection)  # outside of the batches' transactions: a rollback would half forget it
        for batch in batches(_pending(home, as_of, source, connection)):
            # A time a batch: of two deliveries of one path, which never share a batch, the later load is told.
            done = _load_batch(connection, batch, datetime.now(UTC))
            stream = f"{batch[0].manifest.source} {batch[0].manifest.reading.stream}"
            progress(f"{stream}: {done}")
            total += done
    return total


def _pending(home: Home, as_of: datetime, source: str, connection: duckdb.DuckDBPyConnection) -> list[Landed]:
    loaded = ledger.loaded_files(connection)
    return [
        Landed(folder, manifest, file)
        for folder, manifest in manifests(home, source)
        for file in manifest.files
        if file.delivered_at <= as_of
        and (manifest.source, manifest.reading.stream, manifest.extract_id, file.name) not in loaded
    ]


def batches(pending: list[Landed]) -> Iterator[list[Landed]]:
    """Group files that one statement can read; two deliveries of one path never stand in the same batch."""
    groups: dict[tuple[str, str, Shape], list[Landed]] = defaultdict(list)
    for landed in pending:
        groups[landed.manifest.source, landed.manifest.reading.stream, landed.shape].append(landed)
    for group in groups.values():
        batch: list[Landed] = []
        size = 0
        for landed in group:
            is_full = size + landed.file.bytes > _BATCH_BYTES or len(batch) >= _BATCH_FILES
            if batch and (is_full or landed.file.path in {other.file.path for other in batch}):
                yield batch
                batch, size = [], 0
            batch.append(landed)
            size += landed.file.bytes
        yield batch


def _load_batch(connection: duckdb.DuckDBPyConnection, batch: list[Landed], loaded_at: datetime) -> LoadResult:
    """Load the files of a batch in one transaction: the short way if that will do, else the long one.

    Raises:
        LeadmillError: rows went missing or the disk is full; the batch is rolled back.
    """
    files = [batch_file(landed.file, landed.folder) for landed in batch]
    at = loaded_at.replace(tzinfo=None)
    try:
        if short := direct_sql(batch[0].shape, files):
            try:
                return _in_transaction(connection, batch, at, short)
            except (duckdb.Error, LeadmillError) as error:
                if isinstance(error, _FAULTS):
                    raise
        return _in_transaction(connection, batch, at)
    except duckdb.Error as error:
        is_of_machine = isinstance(error, _FAULTS) and _BEHIND_THE_END not in str(error)
        if batch[0].manifest.reading.format == "parquet" and not is_of_machine:
            return _without_damaged(connection, batch, loaded_at)
        # DuckDB quotes values in the messages of most errors; those of files and memory hold none.
        what = str(error) if isinstance(error, _FAULTS) else type(error).__name__
        told = f"{batch[0].manifest.source} {batch[0].manifest.reading.stream} ({batch[0].folder.name})"
        raise LeadmillError(f"{told} could not be loaded; rolled back: {what}") from None


def _without_damaged(connection: duckdb.DuckDBPyConnection, batch: list[Landed], loaded_at: datetime) -> LoadResult:
    """Load Parquet files one by one; one that is damaged between its whole ends is set aside with all its rows.

    The landing does not find that out: it would have to decode all of each file a second time.
    """
    if len(batch) > 1:
        return sum((_load_batch(connection, [landed], loaded_at) for landed in batch), LoadResult(0, 0, 0))
    _, manifest, file = batch[0]
    connection.begin()
    try:
        ledger.set_aside_whole(connection, manifest, file, loaded_at.replace(tzinfo=None))
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return LoadResult(1, 0, file.found.rows)


def _in_transaction(
    connection: duckdb.DuckDBPyConnection, batch: list[Landed], loaded_at: datetime, short: str | None = None
) -> LoadResult:
    connection.begin()
    try:
        result = insert(connection, batch, loaded_at, short)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return result


def insert(
    connection: duckdb.DuckDBPyConnection,
    batch: list[Landed],
    loaded_at: datetime,
    short: str | None = None,
    retyped: frozenset[str] = frozenset(),
) -> LoadResult:
    """Load the files of a batch in the transaction that is open.

    Args:
        connection: the warehouse.
        batch: files of one shape.
        loaded_at: the moment, naive, UTC.
        short: SQL of :func:`ingestion.direct.direct_sql` that gives the rows which fit.
        retyped: columns whose type has changed in these files: their values are kept with the unknown ones.

    Raises:
        LeadmillError: rows went missing.
        duckdb.Error: the files are not what they seemed to be.
    """
    manifest = batch[0].manifest
    reading = manifest.reading
    table = f"raw.{quoted(table_name(reading.system, reading.stream))}"
    shape = batch[0].shape._replace(retyped=retyped)
    records = records_of(shape, [batch_file(landed.file, landed.folder) for landed in batch], connection)
    new_rows, new_quarantine = _new_rows(connection, table), _new_rows(connection, "ops.quarantine")
    values = {field.name: value_of(field) for field in shape.fields} | {
        "_extra": "extra",
        "_source": "$source",
        "_stream": "$stream",
        "_file": "path",
        "_row_number": "row_number",
        "_delivered_at": "delivered_at",
        "_loaded_at": "$loaded_at",
    }
    parameters = {"source": manifest.source, "stream": reading.stream, "loaded_at": loaded_at}
    connection.execute(
        f"""
        insert into {table} ({", ".join(quoted(name) for name in values)})
        select {", ".join(values.values())}
        from ({short or records.sql}) as records
        where reason is null
        """,
        parameters,
    )
    filled = drift.filled_values(connection, shape, new_rows)
    if sum(found.rows for found in filled.values()) != sum(landed.file.found.rows for landed in batch):
        ledger.set_aside(connection, records, parameters)
        changed = drift.retyped_columns(connection, shape, filled, new_quarantine)
        if changed:
            connection.execute(f"delete from {new_rows}")
            connection.execute(f"delete from {new_quarantine}")
            return _insert_in_parts(connection, batch, loaded_at, retyped, changed)
    quarantined = dict(connection.execute(f"select file, count(*) from {new_quarantine} group by file").fetchall())
    for landed in batch:
        ledger.enter(
            connection,
            landed.manifest,
            landed.file,
            rows_loaded=filled[landed.file.path].rows if landed.file.path in filled else 0,
            rows_quarantined=quarantined.get(landed.file.path, 0),
            loaded_at=loaded_at,
        )
    ledger.report_unknown_columns(connection, manifest, records, new_rows)
    drift.report(connection, manifest, shape, [landed.file for landed in batch], filled)
    return LoadResult(len(batch), sum(found.rows for found in filled.values()), sum(quarantined.values()))


def _insert_in_parts(
    connection: duckdb.DuckDBPyConnection,
    batch: list[Landed],
    loaded_at: datetime,
    retyped: frozenset[str],
    changed: dict[str, frozenset[str]],
) -> LoadResult:
    """Load the files of a batch, those in which a column has changed its type without that column.

    Args:
        connection: the warehouse, in a transaction.
        batch: files of one shape.
        loaded_at: the moment, naive, UTC.
        retyped: columns that were left out already.
        changed: further ones, by the file's path.
    """
    parts: dict[frozenset[str], list[Landed]] = defaultdict(list)
    for landed in batch:
        parts[changed.get(landed.file.path, frozenset())].append(landed)
    total = LoadResult(0, 0, 0)
    for columns, part in parts.items():
        total += insert(connection, part, loaded_at, retyped=retyped | columns)
    return total


def _new_rows(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return, before an insert, the `from` clause that will give the inserted rows."""
    last = connection.execute(f"select coalesce(max(rowid), -1) from {table}").fetchall()[0][0]
    return f"{table} where rowid > {last}"

"""Cut a person out of the warehouse: raw follows the landing, models go, and the file is written anew without gaps."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import duckdb

from ingestion import ledger
from ingestion.contract import quoted, systems, table_name
from ingestion.erasure import identifiers
from ingestion.erasure.identifiers import Forgotten, hash_sql
from ingestion.erasure.rewriting import without_person
from ingestion.landing import flush, manifests
from ingestion.loading import Landed, batches, insert
from ingestion.sql import literal
from ingestion.warehouse import connect
from leadmill.settings import Home

# All that is built from raw is dropped: the next night builds it again. Only what became of ids can't be rebuilt.
_BUILT = ["staging", "intermediate", "identity", "marts"]
_HISTORY = "identity.person_changes"
# What a load reports of its files; a file that is loaded anew has been reported before.
_REPORTED_ONCE = ("unknown_columns", "schema_changes", "filled_columns")


class WarehouseCut(NamedTuple):
    """What changed in the warehouse."""

    files: int  # that were loaded anew
    rows: int  # fewer in raw and quarantine
    tables: int  # and views that were dropped


def forget(home: Home, forgotten: Forgotten, progress: Callable[[str], None]) -> WarehouseCut:
    """Let raw follow the landing, drop what was built from it, and write the file anew.

    It is one transaction, and then one rename: a killed process leaves the former file or the new one.
    """
    if not home.warehouse.exists():
        return WarehouseCut(0, 0, 0)
    with connect(home) as connection:
        ledger.create_tables(connection)
        identifiers.remember(connection, forgotten)
        connection.begin()
        try:
            files, rows = _follow_landing(home, connection)
            tables = _drop_built(connection)
            _forget_history(connection)
            _forget_columns(connection, forgotten)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    progress(f"warehouse: {files:,} file(s) loaded anew, {rows:,} rows fewer; {tables:,} tables to be built again")
    _write_anew(home)
    return WarehouseCut(files, rows, tables)


def records_with(connection: duckdb.DuckDBPyConnection, addresses: set[str]) -> set[tuple[str, str, str]]:
    """Return source, stream and id of the records in raw that carry one of the addresses: other rows refer to them."""
    found: set[tuple[str, str, str]] = set()
    for system in systems().values():
        for name, stream in system.streams.items():
            keys = [stream.columns[key] for key in stream.key]
            by = [key for key, column in stream.columns.items() if column.identifies == "email"]
            if len(keys) != 1 or keys[0].identifies != "record" or not by:
                continue
            carried = " or ".join(f"lower(trim({quoted(column)}::varchar)) in $addresses" for column in by)
            rows = connection.execute(
                f"select distinct _source, {quoted(stream.key[0])} from raw.{quoted(table_name(system.system, name))}"
                f" where {carried}",
                {"addresses": sorted(address.strip().lower() for address in addresses)},
            ).fetchall()
            found |= {(source, name, record) for source, record in rows}
    return found


def _follow_landing(home: Home, connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Load anew the files whose copy in the landing has changed, as of when they were loaded."""
    known = {
        (source, stream, extract, name): (erasures, loaded_at)
        for source, stream, extract, name, erasures, loaded_at in connection.execute(
            "select source, stream, extract_id, landed_name, erasures, loaded_at from ops.files"
        ).fetchall()
    }
    stale: dict[datetime, list[Landed]] = defaultdict(list)
    for folder, manifest in manifests(home):
        for file in manifest.files:
            loaded = known.get((manifest.source, manifest.reading.stream, manifest.extract_id, file.name))
            if loaded and loaded[0] != file.erasures:
                stale[loaded[1]].append(Landed(folder, manifest, file))
    for name in _REPORTED_ONCE:
        connection.execute(f"create or replace temp table {name} as from ops.{name}")
    files = rows = 0
    for loaded_at, landed in sorted(stale.items()):
        for batch in batches(landed):
            before = _unload(connection, batch, loaded_at)
            after = insert(connection, batch, loaded_at)
            files += len(batch)
            rows += before - after.rows_loaded - after.rows_quarantined
    for name in _REPORTED_ONCE:
        connection.execute(f"delete from ops.{name}; insert into ops.{name} from temp.{name}")
    return files, rows


def _unload(connection: duckdb.DuckDBPyConnection, batch: list[Landed], loaded_at: datetime) -> int:
    """Take the rows of files out of raw, quarantine and ledger; return how many there were."""
    manifest = batch[0].manifest
    table = f"raw.{quoted(table_name(manifest.reading.system, manifest.reading.stream))}"
    of_files = {
        "source": manifest.source,
        "stream": manifest.reading.stream,
        "files": [landed.file.path for landed in batch],
        "loaded_at": loaded_at,
    }
    rows = 0
    for gone in (
        f"{table} where _source = $source and _stream = $stream and _file in $files and _loaded_at = $loaded_at",
        "ops.quarantine where source = $source and stream = $stream and file in $files and quarantined_at = $loaded_at",
    ):
        rows += connection.execute(f"delete from {gone}", of_files).fetchall()[0][0]
    connection.execute(
        "delete from ops.files"
        " where source = $source and stream = $stream and file in $files and loaded_at = $loaded_at",
        of_files,
    )
    return rows


def _drop_built(connection: duckdb.DuckDBPyConnection) -> int:
    found = connection.execute(
        """
        select table_schema, table_name, table_type = 'VIEW' from information_schema.tables
        where table_schema in $built and table_schema || '.' || table_name <> $history
        order by table_type desc
        """,
        {"built": _BUILT, "history": _HISTORY},
    ).fetchall()
    for schema, name, is_view in found:
        connection.execute(f"drop {'view' if is_view else 'table'} {quoted(schema)}.{quoted(name)}")
    for state in ("built", "publishable"):
        if connection.execute(f"from duckdb_tables() where schema_name = 'ops' and table_name = '{state}'").fetchall():
            connection.execute(f"delete from ops.{state}")
    return len(found)


def _forget_history(connection: duckdb.DuckDBPyConnection) -> None:
    """Tell that the person's records are gone, and keep their keys as hashes only."""
    if not connection.execute(
        "from duckdb_tables() where schema_name || '.' || table_name = $history", {"history": _HISTORY}
    ).fetchall():
        return
    parts = r"regexp_extract(record_key, '^([^|]*)\|([^|]*)\|(.*)$', {})"
    source, kind, record = (parts.format(group) for group in (1, 2, 3))
    by_address = hash_sql("'email'", "''", record)
    by_record = hash_sql("'record'", source, record)
    connection.execute(
        f"""
        create or replace temp table own_changes as
        select distinct record_key, 'erased|' || {kind} || '|' || {by_record} as hashed_key
        from identity.person_changes
        where not starts_with(record_key, 'erased|')
            and ({by_record} in (from erased) or {kind} in ('subscriber', 'attendee') and {by_address} in (from erased))
        """
    )
    connection.execute(
        """
        update identity.person_changes set record_key = own_changes.hashed_key
        from temp.own_changes as own_changes
        where person_changes.record_key = own_changes.record_key
        """
    )
    connection.execute(
        """
        insert into identity.person_changes by name
        with
        last as (
            select max((changed_at, change_number)) as moment from identity.person_changes
        ),
        members as (
            select record_key, max((changed_at, change_number, new_person_id))[3] as person_id
            from identity.person_changes
            where record_key in (select hashed_key from temp.own_changes)
            group by record_key
        )
        select
            last.moment[1] as changed_at, last.moment[2] + 1 as change_number, 'erased' as change, record_key,
            person_id as old_person_id, 'the person was erased' as reason
        from members, last
        where person_id is not null
        """
    )


def _forget_columns(connection: duckdb.DuckDBPyConnection, forgotten: Forgotten) -> None:
    """Forget columns that are called after the person: an address may be a key of JSON."""
    for table, column in (("unknown_columns", "column_name"), ("schema_changes", "detail")):
        texts = [text for (text,) in connection.execute(f"select distinct {column} from ops.{table}").fetchall()]
        own = [text for text in texts if without_person(text, forgotten) != text]
        connection.execute(f"delete from ops.{table} where {column} in $own", {"own": own})


def _write_anew(home: Home) -> None:
    """Copy the database into a new file: what was deleted would stand in the free blocks of the old one."""
    new = home.warehouse.with_suffix(".erasing")
    for left in (new, new.with_name(f"{new.name}.wal")):  # of a killed process
        left.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(home.warehouse))} as former")
        connection.execute("checkpoint former")
        connection.execute(f"attach {literal(str(new))} as anew")
        connection.execute("copy from database former to anew")
        connection.execute("detach former; detach anew")
    flush(new)
    os.replace(new, home.warehouse)
    flush(home.path)

"""Take a person out of what is served: rows of published versions that speak of one person, and the outbox.

Aggregates stay as they were told; the next night restates them.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb

from ingestion.erasure.identifiers import Forgotten, Identifying, hash_of
from ingestion.erasure.rewriting import without_person
from leadmill.errors import LeadmillError
from leadmill.settings import Home
from serving.collector.outbox import outbox_path
from serving.files import path_literal, sync
from serving.publishing import READ_ONLY, STORAGE_VERSION, content_hash
from serving.versions import Table, Version, versions

_OUTBOX_SECONDS = 10.0
_OUTBOX_ENTRIES = (
    "delete from entries where is_own(json_extract(payload, '$.email'))",
    "update entries set payload = without_person(payload) where payload <> without_person(payload)",
)
_OUTBOX_KEYS = (
    "delete from entries where submission_id <> without_person(submission_id)",
    "delete from submissions where idempotency_key || ' ' || submission_id"
    " <> without_person(idempotency_key || ' ' || submission_id)",
    "delete from signatures where idempotency_key <> without_person(idempotency_key)",
)
# A deal is the company's: it stays, and forgets who spoke for it.
_DEALS = {"fct_opportunities", "fct_opportunity_stage_events"}


def forget(home: Home, person_ids: set[str], progress: Callable[[str], None]) -> int:
    """Take persons out of every version that is kept.

    Each file is replaced in one step, `marts.duckdb` last: who reads a former one keeps it, and a killed process does
    all of a version again.

    Args:
        home: the data home.
        person_ids: ids under which the marts speak of them.
        progress: gets a line for each version that changes.

    Returns:
        How many rows were taken out or changed, over all versions.
    """
    rows = 0
    for version in versions(home) if person_ids else []:
        changed = _forget_in(home.published / version.version, version, person_ids)
        rows += changed
        if changed:
            progress(f"published version {version.version}: {changed:,} rows")
    return rows


def forget_in_outbox(home: Home, addresses: set[str], forgotten: Forgotten) -> int:
    """Take persons out of the collector's outbox; submissions of others that name them stay, without the name.

    A key that holds an address goes: who sends such a submission again gets it accepted anew.

    Args:
        home: the data home.
        addresses: whose submissions go.
        forgotten: whom no submission may name.

    Returns:
        How many submissions went or changed.

    Raises:
        LeadmillError: the collector did not let go of it in time.
    """
    if not outbox_path(home).exists():
        return 0
    key = home.id_key().encode()
    persons = {hmac.digest(key, address.strip().lower().encode(), "sha256").hex() for address in addresses}

    def is_own(address: str | None) -> bool:
        return address is not None and hash_of(Identifying("email", "", address), forgotten.keys) in forgotten.hashes

    try:
        with closing(sqlite3.connect(outbox_path(home), timeout=_OUTBOX_SECONDS)) as connection:
            connection.execute("pragma secure_delete = on")
            connection.create_function("is_own", 1, is_own, deterministic=True)
            connection.create_function(
                "without_person", 1, lambda text: text and without_person(text, forgotten), deterministic=True
            )
            with connection:
                rows = [
                    connection.execute("delete from entries where person = ?", (each,)).rowcount for each in persons
                ]
                rows += [connection.execute(statement).rowcount for statement in _OUTBOX_ENTRIES]
                for statement in _OUTBOX_KEYS:
                    connection.execute(statement)
            connection.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.OperationalError as error:
        raise LeadmillError(f"{outbox_path(home)}: {error}; stop the collector and run this again") from error
    return sum(rows)


def rows_of(home: Home, person_ids: set[str]) -> int:
    """Return how many published rows speak of persons, over all versions."""
    rows = 0
    for version in versions(home) if person_ids else []:
        with duckdb.connect() as connection:
            rows += sum(_affected(connection, home.published / version.version / "marts.duckdb", person_ids).values())
    return rows


def _forget_in(folder: Path, version: Version, person_ids: set[str]) -> int:
    for left in folder.rglob("*.new"):  # of a killed process, perhaps read-only already
        left.unlink()
    new = folder / "marts.duckdb.new"
    tables: dict[str, Table] = dict(version.tables)
    with duckdb.connect() as connection:
        affected = _affected(connection, folder / "marts.duckdb", person_ids)
        if not affected:
            return 0
        connection.execute(f"attach {path_literal(new)} as anew (storage_version '{STORAGE_VERSION}')")
        connection.execute("create schema anew.marts")
        for name, table in version.tables.items():
            connection.execute(f'create table anew.marts."{name}" as {_without(name, list(table.columns))}')
            if name in affected:
                tables[name] = content_hash(connection, f'anew.marts."{name}"')
                parquet = folder / "parquet" / f"{name}.parquet"
                copy = parquet.with_suffix(".new")
                connection.execute(
                    f'copy anew.marts."{name}" to {path_literal(copy)} (format parquet, compression zstd)'
                )
                _replace(copy, parquet)
    manifest = folder / "manifest.json"
    manifest.with_suffix(".new").write_text(
        version.model_copy(update={"tables": tables}).model_dump_json(indent=1), "utf-8"
    )
    _replace(manifest.with_suffix(".new"), manifest)
    _replace(new, folder / "marts.duckdb")
    return sum(affected.values())


def _affected(connection: duckdb.DuckDBPyConnection, marts: Path, person_ids: set[str]) -> dict[str, int]:
    """Attach a version as `former`; return how many rows of each table speak of the persons or their leads."""
    connection.execute(f"attach {path_literal(marts)} as former (read_only)")
    connection.execute(
        "create temp table own_persons as select unnest($ids::varchar[]) as id", {"ids": sorted(person_ids)}
    )
    connection.execute(
        "create temp table own_leads as select lead_id as id from former.marts.fct_lead_lifecycle"
        " where person_id in (from own_persons)"
    )
    columns = connection.execute(
        "select table_name, list(column_name) from information_schema.columns"
        " where table_catalog = 'former' and table_schema = 'marts' group by table_name"
    ).fetchall()
    found = {}
    for table, names in columns:
        own = _own(names)
        if own:
            [(rows,)] = connection.execute(f'select count(*) from former.marts."{table}" where {own}').fetchall()
            found[table] = rows
    return {table: rows for table, rows in found.items() if rows}


def _own(columns: list[str]) -> str:
    """Return the condition under which a row speaks of the persons; empty if the table speaks of nobody."""
    return " or ".join(
        f"{column} in (from {ids})"
        for column, ids in (("person_id", "own_persons"), ("lead_id", "own_leads"))
        if column in columns
    )


def _without(table: str, columns: list[str]) -> str:
    rows, own = f'from former.marts."{table}"', _own(columns)
    if not own:
        return rows
    if table not in _DEALS:
        return f"{rows} where ({own}) is not true"
    forgotten = ", ".join(
        f"case when {own} then null else {column} end as {column}"
        for column in ("person_id", "lead_id")
        if column in columns
    )
    return f"select * replace ({forgotten}) {rows}"


def _replace(new: Path, file: Path) -> None:
    new.chmod(READ_ONLY)
    sync(new)
    os.replace(new, file)
    sync(file.parent)

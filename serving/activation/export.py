"""Write the files of the ad platforms from the warehouse; all of them, or none."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict

from ingestion.warehouse import connect
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home
from serving.activation.formats import AUDIENCES, CONVERSIONS, Format
from serving.files import sync

MANIFEST = "manifest.json"
ROLES = ("main", "auxiliary")

# Asked of the tools' records and events anew, not of the models that chose the rows: one of them may be wrong.
_WITHOUT_CONSENT = """
    with chosen as (
        select person_id, lower(trim(email)) as email from intermediate.int_activation__audience_members
        union
        select person_id, lower(trim(email)) as email from intermediate.int_activation__offline_conversions
    ),
    refused as (
        select lower(trim(email)) as email from intermediate.int_canonical__persons where may_email = false
        union
        select lower(trim(email)) from intermediate.int_canonical__events
        where event_name in ('email_unsubscribed', 'email_reported_as_spam')
    )
    select count(*)
    from chosen
    where email in (select email from refused where email is not null)
        or person_id not in (select person_id from marts.dim_person where may_email)
"""


class ExportedFile(BaseModel):
    """One file of an export.

    Attributes:
        file: Its name below the export's folder.
        rows: Lines below the header.
        sha256: Hash of its bytes.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    rows: int
    sha256: str


class Export(BaseModel):
    """What one export wrote; its manifest.

    Attributes:
        as_of: The moment the warehouse speaks of (UTC, ISO 8601).
        files: The files.
    """

    model_config = ConfigDict(frozen=True)

    as_of: str
    files: tuple[ExportedFile, ...]


def export(home: Home, out: Path) -> Export:
    """Write audiences and offline conversions, hashed, for Google, Meta and LinkedIn.

    Each export is whole: who withdrew consent is not in the next one, so upload it as a replacement.

    Args:
        home: The data home; the warehouse is only read.
        out: Folder that holds the export afterwards. A former export in it is replaced.

    Returns:
        The manifest.

    Raises:
        InputError: nothing is built yet, or `out` holds something else.
        LeadmillError: the warehouse is being written, or a row lacks consent; nothing was written.
    """
    if out.exists() and not (out / MANIFEST).exists() and any(out.iterdir()):
        raise InputError(f"{out} holds other files; name an empty folder or a new one")
    if not home.warehouse.exists():
        raise InputError(f"there is no warehouse in {home.path} yet; run `leadmill nightly` first")
    unfinished = out.with_name(f".{out.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with connect(home, read_only=True) as connection:
            as_of = _built_as_of(connection)
            _require_consent(connection)
            unfinished.mkdir(mode=0o700, parents=True)
            files = tuple(
                ExportedFile(file=name, rows=rows, sha256=_write(unfinished / name, text))
                for name, rows, text in _contents(connection)
            )
        manifest = Export(as_of=as_of, files=files)
        _write(unfinished / MANIFEST, manifest.model_dump_json(indent=1))
        shutil.rmtree(out, ignore_errors=True)
        unfinished.rename(out)
        sync(out.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def _built_as_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return for which moment the marts stand built."""
    found = connection.execute("select as_of from ops.built where part = 'marts'").fetchall()
    if not found:
        raise InputError("the marts are not built; run `leadmill nightly` first")
    return f"{found[0][0].isoformat()}Z"


def _require_consent(connection: duckdb.DuckDBPyConnection) -> None:
    [(count,)] = connection.execute(_WITHOUT_CONSENT).fetchall()
    if count:
        raise LeadmillError(
            f"{count} person(s) chosen for ad platforms lack consent in the tools' records; nothing was written. "
            "This is a fault of int_activation__contacts: please report it."
        )


def _contents(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, int, str]]:
    """Yield name, number of rows and text of each file."""
    audiences = connection.execute("select mcv_id from marts.dim_micro_conversion where is_active order by mcv_id")
    for (mcv_id,) in audiences.fetchall():
        for form in AUDIENCES:
            rows = _rows(connection, form, "int_activation__audience_members", "mcv_id", mcv_id)
            yield f"{form.platform}_{mcv_id}.csv", len(rows), _text(form, rows)
    for role in ROLES:
        for form in CONVERSIONS:
            rows = _rows(connection, form, "int_activation__offline_conversions", "role", role)
            yield f"{form.platform}_{role}.csv", len(rows), _text(form, rows)


def _rows(
    connection: duckdb.DuckDBPyConnection, form: Format, model: str, column: str, value: str
) -> list[tuple[object, ...]]:
    columns = ", ".join(f'{expression} as "{header}"' for header, expression in form.columns.items())
    # By all columns: hashes say nothing of the order in which people came.
    query = f"select {columns} from intermediate.{model} where {column} = $value order by all"
    return list(connection.execute(query, {"value": value}).fetchall())


def _text(form: Format, rows: list[tuple[object, ...]]) -> str:
    """Return a file's text.

    Raises:
        LeadmillError: an address would stand in it.
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(form.columns)
    writer.writerows(rows)
    text = target.getvalue()
    if "@" in text:
        raise LeadmillError(f"a file for {form.platform} would hold an e-mail address or an @; nothing was written")
    return text


def _write(path: Path, text: str) -> str:
    """Write a file that only its owner may read; return the SHA-256 of its bytes."""
    content = text.encode()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    sync(path)
    return hashlib.sha256(content).hexdigest()

"""Write the files of the ad platforms from the warehouse; all of them, or none."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

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

    # Strict about other fields: a manifest of something else must not pass for one of ours.
    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: str
    files: tuple[ExportedFile, ...]


def export(home: Home, out: Path) -> Export:
    """Write audiences and offline conversions, hashed, for Google, Meta and LinkedIn.

    Each export is whole: who withdrew consent is not in the next one, so upload it as a replacement.

    Args:
        home: The data home; the warehouse is only read.
        out: Folder outside the home that holds the export afterwards. A former export in it is replaced whole.

    Returns:
        The manifest.

    Raises:
        InputError: no marts that passed their gate stand, or `out` holds something else or lies in the home.
        LeadmillError: the warehouse is being written, or a row lacks consent; nothing was written.
    """
    out = out.resolve()
    _require_replaceable(home, out)
    if not home.warehouse.exists():
        raise InputError(f"there is no warehouse in {home.path} yet; run `leadmill nightly` first")
    with connect(home, read_only=True) as connection:
        as_of = _publishable_as_of(connection)
        _require_consent(connection)
        contents = list(_contents(connection))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as beside:
        new, former = Path(beside) / "new", Path(beside) / "former"
        new.mkdir(mode=0o700)
        files = tuple(
            ExportedFile(file=name, rows=rows, sha256=_write(new / name, text)) for name, rows, text in contents
        )
        manifest = Export(as_of=as_of, files=files)
        _write(new / MANIFEST, manifest.model_dump_json(indent=1))
        if out.exists():
            out.rename(former)
        try:
            new.rename(out)
        except OSError:
            if former.exists():
                former.rename(out)
            raise
        sync(out.parent)
    return manifest


def _require_replaceable(home: Home, out: Path) -> None:
    """Check that nothing but a former export goes where the new one comes.

    Raises:
        InputError: it lies in the data home, or holds anything that no export wrote.
    """
    if out.is_relative_to(home.path.resolve()):
        raise InputError(f"{out} lies in the data home; name a folder outside it")
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"{out} is a file; name an empty folder or a new one")
    held = {path.name for path in out.iterdir()}
    if not held:
        return
    try:
        former = Export.model_validate_json((out / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        raise InputError(f"{out} holds other files; name an empty folder or a new one") from None
    if others := held - {MANIFEST, *(told.file for told in former.files)}:
        raise InputError(f"{out} holds {min(others)} beside an export; name an empty folder or a new one")


def _publishable_as_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return for which moment the marts stand that passed their gate."""
    try:
        found = connection.execute("select as_of from ops.publishable").fetchall()
    except duckdb.CatalogException:  # built by a version that did not note it
        found = []
    if not found:
        raise InputError("no marts stand that passed their gate; run `leadmill nightly` first")
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

"""The landing: immutable copies of what sources delivered, each extract a folder with a manifest.

A folder is written under a temporary name, flushed to disk and renamed: one that can be seen is whole.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict

from ingestion.copying import copying, told_if_unreadable
from ingestion.delivery import COMPRESSED, Delivery
from ingestion.erasure import requests
from ingestion.erasure.cutting import cut_landing
from ingestion.inspection import Inspection, inspect
from ingestion.reading import Reading
from ingestion.stores import RemoteFile
from ingestion.text import byte_blocks
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home

MANIFEST = "manifest.json"
PARTIAL = ".partial-"


class LandedFile(BaseModel):
    """One file of an extract."""

    model_config = ConfigDict(frozen=True)

    name: str  # of the copy in the extract's folder
    readable_name: str  # the same, or the copy in plain UTF-8 that the loader reads
    path: str  # below the source's folder
    sha256: str  # of the content, and of the mapping if there is one: what was read, and how
    bytes: int
    delivered_at: datetime
    found: Inspection
    rows_erased: int = 0  # that named an erased person, and are not in the copy
    erasures: int = 0  # how often the copy has changed for that after it had landed
    fingerprint: str | None = None  # of an object in a store, as its listing tells


# What stands last in the landing of each file of a source, by (reading, path). Only the last counts: a file that
# returns to a former content is delivered anew.
Known = dict[tuple[str, str], LandedFile]


class Cursor(BaseModel):
    """Up to where a stream has been fetched from an API, once the extract that holds it has landed."""

    model_config = ConfigDict(frozen=True)

    reached: str  # as the connector understands it; an ISO 8601 time where it gives none of its own
    is_last: bool  # all that the run was to fetch has landed; else the run broke off, or goes on with another extract


class Manifest(BaseModel):
    """What one extract of one stream landed."""

    model_config = ConfigDict(frozen=True)

    source: str
    extract_id: str
    as_of: datetime
    rows: int
    reading: Reading
    files: list[LandedFile]
    cursor: Cursor | None = None  # of what was fetched from an API


def manifests(home: Home, source: str = "*", stream: str = "*") -> list[tuple[Path, Manifest]]:
    """Return the whole extracts, of all sources and streams or of one, with their folders, in the order of landing."""
    found = sorted(
        home.landing.glob(f"{source}/{stream}/[!.]*/{MANIFEST}"), key=lambda path: (path.stat().st_mtime_ns, path)
    )
    return [(path.parent, Manifest.model_validate_json(path.read_bytes())) for path in found]


def landed_before(home: Home, source: str) -> Known:
    """Return what of a source has landed."""
    return {
        (past.reading.model_dump_json(), file.path): file for _, past in manifests(home, source) for file in past.files
    }


@contextmanager
def extracting(home: Home, source: str) -> Iterator[None]:
    """Hold a source's landing for one process, and clear what a killed one left half-written.

    Raises:
        LeadmillError: another process extracts this source, or the disk is full.
    """
    folder = home.landing / source
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=1):
            for partial in folder.glob(f"*/{PARTIAL}*"):
                shutil.rmtree(partial)
            yield
    except Timeout:
        raise LeadmillError(f"source {source} is being extracted by another process; wait for it or stop it") from None
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise LeadmillError(
            f"disk is full below {home.landing}: free space and run again; nothing half-landed"
        ) from error


def land(
    home: Home,
    source: str,
    as_of: datetime,
    deliveries: list[Delivery],
    known: Known,
    mistakes: list[InputError],
    cursor: Cursor | None = None,
) -> Manifest | None:
    """Land the files of one reading that have not landed with this content before.

    Args:
        home: the data home.
        source: the source's name.
        as_of: the run's moment, aware.
        deliveries: files of one source and one reading.
        known: what of this source has landed before.
        mistakes: gets the error of each file that can't be read; the other files land.
        cursor: what has been fetched once these files have landed: all of them, or none.

    Returns:
        The new extract's manifest; None if nothing is new.

    Raises:
        InputError: a file that a cursor speaks for can't be read.
    """
    reading = deliveries[0].reading
    stream = home.landing / source / reading.stream
    partial = stream / f"{PARTIAL}{as_of:%Y%m%dT%H%M%SZ}"
    partial.mkdir(parents=True)
    try:
        files = list(_landed(partial, deliveries, known, mistakes))
        if cursor and mistakes:
            raise InputError("\n".join(str(mistake) for mistake in mistakes))
        files = _forgetting(home, source, reading, partial, files)
        if not files:
            partial.rmdir()
            return None
        manifest = Manifest(
            source=source,
            extract_id=_extract_id(stream, as_of, files),
            as_of=as_of,
            rows=sum(file.found.rows for file in files),
            reading=reading,
            files=files,
            cursor=cursor,
        )
        (partial / MANIFEST).write_text(manifest.model_dump_json(indent=1))
        for path in [*partial.iterdir(), partial]:
            flush(path)
        partial.rename(stream / manifest.extract_id)
    except BaseException:
        shutil.rmtree(partial)
        raise
    for folder in (stream, stream.parent, home.landing):  # the stream's own folder may be new
        flush(folder)
    return manifest


def _forgetting(home: Home, source: str, reading: Reading, folder: Path, files: list[LandedFile]) -> list[LandedFile]:
    """Cut persons who were erased out of files that are landing."""
    forgotten = requests.forgotten(home)
    if forgotten is None:
        return files
    return cut_landing(source, reading, folder, files, forgotten)


def _landed(folder: Path, deliveries: list[Delivery], known: Known, mistakes: list[InputError]) -> Iterator[LandedFile]:
    """Copy and inspect new files; one that can't be read goes to `mistakes` and leaves nothing behind."""
    with ThreadPoolExecutor(2) as pool:
        for number, delivery in enumerate(deliveries, start=1):
            last = known.get((delivery.reading.model_dump_json(), delivery.relative))
            try:
                if last and _is_unchanged(delivery, last):
                    continue
                landed = _land_file(delivery, folder / f"{number:05d}{_suffixes(delivery)}", pool)
            except InputError as mistake:
                mistakes.append(mistake)
                landed = None
            if landed and not (last and landed.sha256 == last.sha256):
                yield landed
                continue
            for path in folder.glob(f"{number:05d}.*"):
                path.unlink()


def _is_unchanged(delivery: Delivery, last: LandedFile) -> bool:
    """Return whether a file is as it landed last; one of another size isn't, and is hashed while it is copied."""
    if isinstance(delivery.path, RemoteFile):
        return delivery.path.fingerprint == last.fingerprint
    with told_if_unreadable(delivery.path), delivery.path.open("rb") as file:
        if os.fstat(file.fileno()).st_size != last.bytes:
            return False
        return hashlib.file_digest(file, lambda: _digest_of(delivery.reading)).hexdigest() == last.sha256


def _land_file(delivery: Delivery, copy: Path, pool: Executor) -> LandedFile:
    reading, told, suffix = delivery.reading, str(delivery.path), delivery.path.suffix
    digest = _digest_of(reading)
    with copying(delivery.path, copy, digest, pool) as source:
        if reading.format == "parquet":
            source.finish()
            if suffix in COMPRESSED:
                _unpack(copy, suffix, told)
        readable, found = inspect(source, copy, reading, told)
    if isinstance(delivery.path, RemoteFile):
        delivery.path.check_unchanged()
    return LandedFile(
        name=copy.name,
        readable_name=readable.name,
        path=delivery.relative,
        sha256=digest.hexdigest(),
        bytes=copy.stat().st_size,
        delivered_at=delivery.delivered_at,
        found=found,
        fingerprint=delivery.path.fingerprint if isinstance(delivery.path, RemoteFile) else None,
    )


def _suffixes(delivery: Delivery) -> str:
    """Return the suffixes of the copy: names of our own are no globs, and readers go by the suffix.

    A compressed Parquet file is unpacked: its readers need to jump in it.
    """
    suffix = delivery.path.suffix
    if delivery.reading.format == "parquet":
        return ".parquet"
    return f".txt{suffix}" if suffix in COMPRESSED else ".txt"


def _unpack(copy: Path, suffix: str, told: str) -> None:
    packed = copy.rename(copy.with_suffix(suffix))
    with copy.open("wb") as target:
        try:
            target.writelines(byte_blocks(packed))
        except OSError as error:
            if error.errno:
                raise
            raise InputError(f"{told}: not a whole archive ({error}); have it delivered again") from error
    packed.unlink()


def _digest_of(reading: Reading) -> hashlib._Hash:
    """Return a digest to which the mapping was given: a changed mapping reads a file anew."""
    return hashlib.sha256(b"" if reading.mapping is None else reading.model_dump_json().encode())


def _extract_id(stream: Path, as_of: datetime, files: list[LandedFile]) -> str:
    """Return a name that sorts by time, differs when the content does, and is not taken."""
    content = hashlib.sha256("".join(f"{file.path}\n{file.sha256}\n" for file in files).encode())
    name = f"{as_of:%Y%m%dT%H%M%SZ}-{content.hexdigest()[:8]}"
    taken = len(list(stream.glob(f"{name}*")))
    return f"{name}-{taken + 1}" if taken else name


def flush(path: Path) -> None:
    """Put a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

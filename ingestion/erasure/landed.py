"""Cut a person out of all that has landed, so that a process killed at any point leaves each extract whole."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import duckdb

from ingestion import landing, segments
from ingestion.erasure.cutting import cut, remove_unread, session
from ingestion.erasure.finding import Copy, Found, find
from ingestion.erasure.identifiers import Forgotten
from ingestion.landing import MANIFEST, Manifest, flush, manifests
from leadmill.errors import InputError
from leadmill.settings import Home

_UNDER_WAY = ".erasing-"
_READY = ".erased-"  # whole and on the disk: to be moved into its extract, whatever happens


class Cut(NamedTuple):
    """What was cut out of an extract."""

    source: str
    stream: str
    paths: list[str]  # of the delivered files, below the source's folder
    rows: int

    def __str__(self) -> str:
        return f"{self.source} {self.stream}: {len(self.paths):,} file(s), {self.rows:,} rows"


def forget(home: Home, forgotten: Forgotten, progress: Callable[[str], None], *, dry_run: bool = False) -> list[Cut]:
    """Cut everybody who is to be forgotten out of every extract.

    Args:
        home: the data home.
        forgotten: whom no file may name.
        progress: gets a line for each extract that changes.
        dry_run: only tell what would change.
    """
    cuts = []
    with session(forgotten) as connection:
        for source in sorted(home.landing.glob("*")):
            with landing.extracting(home, source.name):  # an extract that knows nobody as erased yet ends first
                _finish(source)
                for extract, found in _found(home, source.name, forgotten, connection):
                    cuts.append(_forget_in(*extract, found, connection, dry_run=dry_run))
                    progress(f"landing {cuts[-1]}")
    return cuts


def _found(
    home: Home, source: str, forgotten: Forgotten, connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[tuple[Path, Manifest], dict[Path, Found]]]:
    """Yield the extracts of a source that name somebody, and what has to go of their files."""
    extracts: dict[str, list[tuple[Path, Manifest]]] = defaultdict(list)
    for folder, manifest in manifests(home, source):
        extracts[manifest.reading.model_dump_json()].append((folder, manifest))
    for alike in extracts.values():
        copies = [Copy(folder, file) for folder, manifest in alike for file in manifest.files]
        found = find(source, alike[0][1].reading, copies, forgotten, connection)
        for folder, manifest in alike:
            if any(path.parent == folder for path in found):
                yield (folder, manifest), found


def _forget_in(
    folder: Path,
    manifest: Manifest,
    found: dict[Path, Found],
    connection: duckdb.DuckDBPyConnection,
    *,
    dry_run: bool,
) -> Cut:
    staged = folder.with_name(_UNDER_WAY + folder.name)
    staged.mkdir()
    files = [
        cut(copy, manifest.reading, found[copy.path], staged, connection).model_copy(
            update={"erasures": copy.file.erasures + 1}
        )
        if copy.path in found
        else copy.file
        for copy in (Copy(folder, file) for file in manifest.files)
    ]
    rows = sum(file.found.rows for file in files)
    if dry_run:
        shutil.rmtree(staged)
    else:
        _stage(staged, folder, manifest.model_copy(update={"files": files, "rows": rows}))
        _apply(staged.rename(folder.with_name(_READY + folder.name)))
    paths = [file.path for file in files if folder / file.name in found]
    return Cut(manifest.source, manifest.reading.stream, paths, manifest.rows - rows)


def land_segments(home: Home, at: datetime, progress: Callable[[str], None]) -> bool:
    """Land what collectors have sealed, without those who were erased: the journal names them already.

    Returns:
        Whether a collector that is running still writes a segment; it is cut when it is extracted.
    """
    folders = [path for path in (home.path / "collector").glob("*") if path.is_dir()]
    for source in sorted(folder.name for folder in folders):
        with landing.extracting(home, source):
            found = segments.deliveries(home, source, "UTC", at, progress)
            known = landing.landed_before(home, source)
            mistakes: list[InputError] = []
            for _, files in groupby(found, key=lambda delivery: delivery.reading):
                landing.land(home, source, at, list(files), known, mistakes)
            if mistakes:
                raise mistakes[0]
            segments.remove(found, {delivery.relative for delivery in found})
    return any(list(folder.glob(f"*/*{segments.OPEN}")) for folder in folders)


def _finish(source: Path) -> None:
    """End what a killed process began: what was ready is put in its place, the rest goes."""
    for staged in source.glob(f"*/{_UNDER_WAY}*"):
        shutil.rmtree(staged)
    for staged in source.glob(f"*/{_READY}*"):
        _apply(staged)


def _stage(staged: Path, folder: Path, manifest: Manifest) -> None:
    """Add the manifest, and make all durable. It stays as old as it was: extracts are read in the order of landing."""
    (staged / MANIFEST).write_text(manifest.model_dump_json(indent=1))
    stat = (folder / MANIFEST).stat()
    os.utime(staged / MANIFEST, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    for path in [*staged.iterdir(), staged]:
        flush(path)


def _apply(staged: Path) -> None:
    """Move new files over those of their extract."""
    folder = staged.with_name(staged.name.removeprefix(_READY))
    for path in sorted(staged.iterdir()):
        os.replace(path, folder / path.name)
    remove_unread(folder, Manifest.model_validate_json((folder / MANIFEST).read_bytes()).files)
    flush(folder)
    staged.rmdir()
    flush(folder.parent)

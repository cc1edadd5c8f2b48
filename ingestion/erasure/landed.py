"""Cut a person out of all that has landed, so that a process killed at any point leaves each extract whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ingestion import landing
from ingestion.erasure.cutting import cut
from ingestion.erasure.identifiers import Forgotten
from ingestion.landing import MANIFEST, Manifest, flush, manifests
from leadmill.settings import Home

_UNDER_WAY = ".erasing-"
_READY = ".erased-"  # whole and on the disk: to be moved into its extract, whatever happens


class Cut(NamedTuple):
    """What was cut out of an extract."""

    source: str
    stream: str
    paths: list[str]  # of the delivered files, below the source's folder
    rows: int


def forget(home: Home, forgotten: Forgotten, progress: Callable[[str], None], *, dry_run: bool = False) -> list[Cut]:
    """Cut everybody who is to be forgotten out of every extract.

    Args:
        home: the data home.
        forgotten: whom no file may name.
        progress: gets a line for each extract that changes.
        dry_run: only tell what would change.
    """
    finish(home)
    return [
        found
        for folder, manifest in manifests(home)
        if (found := _forget_in(home, folder, manifest, forgotten, progress, dry_run=dry_run))
    ]


def _forget_in(
    home: Home,
    folder: Path,
    manifest: Manifest,
    forgotten: Forgotten,
    progress: Callable[[str], None],
    *,
    dry_run: bool,
) -> Cut | None:
    with landing.extracting(home, manifest.source):
        staged = folder.with_name(_UNDER_WAY + folder.name)
        staged.mkdir()
        changed = cut(manifest.source, manifest.reading, folder, manifest.files, forgotten, staged)
        files = [
            changed[file.name].model_copy(update={"erasures": file.erasures + 1}) if file.name in changed else file
            for file in manifest.files
        ]
        rows = sum(file.found.rows for file in files)
        if dry_run or not changed:
            shutil.rmtree(staged)
        else:
            _stage(staged, folder, manifest.model_copy(update={"files": files, "rows": rows}))
            _apply(staged.rename(folder.with_name(_READY + folder.name)))
    if not changed:
        return None
    stream = manifest.reading.stream
    if not dry_run:
        progress(f"landing {manifest.source} {stream}: {len(changed):,} file(s), {manifest.rows - rows:,} rows")
    return Cut(manifest.source, stream, [changed[name].path for name in changed], manifest.rows - rows)


def finish(home: Home) -> None:
    """End what a killed process began: what was ready is put in its place, the rest goes."""
    for staged in home.landing.glob(f"*/*/{_UNDER_WAY}*"):
        shutil.rmtree(staged)
    for staged in home.landing.glob(f"*/*/{_READY}*"):
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
    flush(folder)
    staged.rmdir()
    flush(folder.parent)

"""Segments: the files into which the collector writes, and which are delivered once they are sealed.

``<home>/collector/<source>/<stream>/``: one ``.open`` file a stream, to which the server appends, and sealed ``.jsonl``
files named by the time of sealing. A request is answered only after its lines are flushed, so that what stands below
the last line feed of an open file was never acknowledged.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion.contract import systems
from ingestion.delivery import Delivery
from ingestion.reading import Reading
from leadmill.errors import LeadmillError
from leadmill.settings import Home

OPEN = ".open"
_UNFINISHED = ".joining"
_JOURNAL = ".parts"
_SEALED_AT = "%Y%m%dT%H%M%S.%fZ"
_SMALL_BYTES = 1 << 20
_HOUR = len("20261120T04")
_LOCK_SECONDS = 2


def folder_of(home: Home, source: str) -> Path:
    """Return where the segments of a collector stand."""
    return home.path / "collector" / source


@contextmanager
def writing(home: Home, source: str) -> Iterator[None]:
    """Be the one process that writes the segments of a source.

    Raises:
        LeadmillError: another process does.
    """
    folder = folder_of(home, source)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=_LOCK_SECONDS):
            yield
    except Timeout:
        raise LeadmillError(f"a collector of source {source} is running on {home.path}; stop it first") from None


def new_segment(folder: Path) -> Path:
    """Return the path of a new open segment in a stream's folder."""
    return folder / f"{secrets.token_hex(8)}{OPEN}"


def seal(segment: Path, sealed_at: datetime) -> int:
    """Make an open segment a delivery; one without a whole line goes.

    A part of a line at its end is cut off: its sender was never told that it had arrived, and sends it again.

    Args:
        segment: an open segment to which nobody writes.
        sealed_at: when it counts as delivered, aware.

    Returns:
        The bytes that were cut off.
    """
    with segment.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        file.truncate(whole)
        os.fsync(file.fileno())
    if whole:
        segment.rename(_sealed_name(segment, sealed_at))
    else:
        segment.unlink()
    flush_folder(segment.parent)
    return len(content) - whole


def seal_abandoned(folder: Path, sealed_at: datetime, progress: Callable[[str], None]) -> None:
    """Seal what a killed server left open; only who holds the lock of `writing` may call this.

    A segment that was written after `sealed_at` stays open: a run of a past night does not know it.
    """
    for segment in sorted(folder.glob(f"*/*{OPEN}")):
        if segment.stat().st_mtime <= sealed_at.timestamp():
            cut = seal(segment, sealed_at)
            progress(f"{segment.parent.name}: sealed what a stopped collector left open")
            if cut:
                progress(f"{segment.parent.name}: {cut:,} bytes of a line that was never acknowledged were cut off")


def deliveries(
    home: Home, source: str, business_timezone: str, as_of: datetime, progress: Callable[[str], None]
) -> list[Delivery]:
    """Return the segments of a source that were sealed by `as_of`, stream by stream.

    While no server runs, what one left open is sealed first.
    """
    folder = folder_of(home, source)
    if not folder.is_dir():
        return []
    try:
        with FileLock(folder / ".lock", timeout=0):
            seal_abandoned(folder, as_of, progress)
    except Timeout:
        pass  # the server is running and seals by itself
    for stream_folder in folder.glob("*/"):
        _finish_joining(stream_folder)
    return [
        Delivery(path, f"{stream}/{path.name}", reading, sealed_at)
        for stream in sorted(systems()["collector"].streams)
        for reading in [Reading.of_connector("collector", stream, "jsonl", business_timezone)]
        for path in sorted((folder / stream).glob("*.jsonl"))
        for sealed_at in [_sealed_at(path)]
        if sealed_at <= as_of
    ]


def is_later(home: Home, path: Path, moment: datetime) -> bool:
    """Return whether a file is a segment that a collector still writes, or has sealed after a moment."""
    if home.path / "collector" not in path.parents:
        return False
    return path.suffix == OPEN or (path.suffix == ".jsonl" and _sealed_at(path) > moment)


def join(home: Home, source: str, as_of: datetime, landed: set[str]) -> None:
    """Join the small segments that were sealed by `as_of`, hour by hour: thousands of files a day would be too many.

    Only who holds the source's landing may call this.

    Args:
        home: the data home.
        source: the collector.
        as_of: the run's moment, aware.
        landed: `relative` of what has landed; a segment whose removal was cut short goes now.
    """
    for stream in sorted(folder_of(home, source).glob("*/")):
        _finish_joining(stream)
        for path in stream.glob("*.jsonl"):
            if f"{stream.name}/{path.name}" in landed:
                path.unlink()
        small = (path for path in stream.glob("*.jsonl") if path.stat().st_size < _SMALL_BYTES)
        sealed = sorted(path for path in small if _sealed_at(path) <= as_of)
        for parts in (list(group) for _, group in groupby(sealed, key=lambda path: path.name[:_HOUR])):
            if len(parts) > 1:
                _join(parts)


def _join(parts: list[Path]) -> None:
    """Put one file in the place of several, whatever happens in between.

    Until the joined file has its name the parts count; from then on the parts that the journal names do not.
    """
    folder = parts[-1].parent
    joined = _sealed_name(new_segment(folder), _sealed_at(parts[-1]))
    unfinished, journal = joined.with_suffix(_UNFINISHED), joined.with_suffix(_JOURNAL)
    with unfinished.open("wb") as target:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, target)
        target.flush()
        os.fsync(target.fileno())
    with journal.open("w") as file_:
        file_.write("\n".join(part.name for part in parts))
        file_.flush()
        os.fsync(file_.fileno())
    flush_folder(folder)
    unfinished.rename(joined)
    flush_folder(folder)
    _finish_joining(folder)


def _finish_joining(folder: Path) -> None:
    """Remove the parts of what was joined, and what a killed process left half-joined."""
    for journal in folder.glob(f"*{_JOURNAL}"):
        if journal.with_suffix(".jsonl").exists():
            for name in journal.read_text().splitlines():
                (folder / name).unlink(missing_ok=True)
            flush_folder(folder)
        journal.unlink()
    for unfinished in folder.glob(f"*{_UNFINISHED}"):
        unfinished.unlink()


def remove(found: Iterable[Delivery], landed: set[str]) -> None:
    """Remove segments whose copies stand in the landing.

    Args:
        found: segments.
        landed: the `relative` of each that has landed, its manifest flushed to the disk.
    """
    for delivery in found:
        if delivery.relative in landed and isinstance(delivery.path, Path):
            delivery.path.unlink()


def flush_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sealed_name(segment: Path, sealed_at: datetime) -> Path:
    return segment.with_name(f"{sealed_at.astimezone(UTC):{_SEALED_AT}}-{segment.stem}.jsonl")


def _sealed_at(path: Path) -> datetime:
    return datetime.strptime(path.name.rpartition("-")[0], _SEALED_AT).replace(tzinfo=UTC)

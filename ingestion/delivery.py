"""Which files a source has delivered, of which stream each is, and when it was delivered."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path, PurePath
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ingestion.contract import Format, Stream, systems
from ingestion.reading import Reading
from ingestion.sources_file import Source, Sources
from ingestion.stores import RemoteFile, is_remote, objects
from leadmill.errors import InputError

COMPRESSED = (".gz", ".zst")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
_SUFFIXES: dict[Format, str] = {"api_pages": ".jsonl", "csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet"}


class Delivery(NamedTuple):
    """One file, to be read as one stream."""

    path: Path | RemoteFile
    relative: str  # below the source's folder, with forward slashes
    reading: Reading
    delivered_at: datetime  # aware, UTC


def deliveries(sources: Sources, source: Source, as_of: datetime) -> list[Delivery]:
    """Return the files of a source that were delivered by `as_of`, reading by reading, in a stable order.

    A file below no dated folder counts as delivered at `as_of`; who has landed it before knows better. One counts once,
    though several patterns find it, or a pattern with several `**` finds it more than once.

    Raises:
        InputError: the source's folder does not exist.
    """
    found = _mapped(sources, source) if source.system == "files" else _of_connector(sources, source)
    dated = {
        (str(path), reading): Delivery(path, relative, reading, _delivered_at(relative, sources.zone) or as_of)
        for path, relative, reading in found
    }
    return sorted(
        (delivery for delivery in dated.values() if delivery.delivered_at <= as_of),
        key=lambda found: (found.reading.stream, found.reading.model_dump_json(), found.delivered_at, found.relative),
    )


def _mapped(sources: Sources, source: Source) -> Iterator[tuple[Path | RemoteFile, str, Reading]]:
    for mapped in source.streams:
        reading = Reading.of_mapping(mapped, sources.business_timezone)
        for path, relative in _globbed(sources, source, mapped.path):
            yield path, relative, reading


def _globbed(sources: Sources, source: Source, pattern: str) -> Iterator[tuple[Path | RemoteFile, str]]:
    if is_remote(pattern):
        yield from objects(pattern, source.storage_options.get_secret_value(), below=False)
        return
    folder = sources.folder / re.split(r"[*?\[]", pattern)[0].rpartition("/")[0]
    if not folder.is_dir():
        raise InputError(f"source {source.name}: no such folder {folder} (path {pattern!r}); mend `path`")
    for name in glob.glob(pattern, root_dir=sources.folder, recursive=True):
        path = sources.folder / name
        if path.is_file():
            yield path, PurePath(os.path.relpath(path, sources.folder)).as_posix()


def _of_connector(sources: Sources, source: Source) -> Iterator[tuple[Path | RemoteFile, str, Reading]]:
    streams = systems()[source.system].streams
    for path, relative in _below(sources, source):
        if not PurePath(relative).name.startswith("."):
            for name, file_format in _streams_of(PurePath(relative), streams):
                yield path, relative, Reading.of_connector(source.system, name, file_format, sources.business_timezone)


def _below(sources: Sources, source: Source) -> Iterator[tuple[Path | RemoteFile, str]]:
    """Yield every file of a connector's folder, at any depth."""
    if source.path and is_remote(source.path):
        yield from objects(source.path, source.storage_options.get_secret_value(), below=True)
        return
    folder = sources.folder / (source.path or "")
    if not folder.is_dir():
        raise InputError(f"source {source.name}: no such folder {folder}; mend `path`")
    yield from ((path, path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file())


def _streams_of(relative: PurePath, streams: dict[str, Stream]) -> list[tuple[str, Format]]:
    """Return the streams that a file holds; a pattern with more folders is more exact and wins."""
    plain = relative.with_suffix("") if relative.suffix in COMPRESSED else relative
    matches = [
        (len(PurePath(stream.files).parts), name, file_format)
        for name, stream in streams.items()
        if stream.files and plain.match(stream.files)
        for file_format in _formats(stream)
        if plain.suffix == _SUFFIXES[file_format]
    ]
    most = max((parts for parts, *_ in matches), default=0)
    return [(name, file_format) for parts, name, file_format in matches if parts == most]


def format_of(stream: Stream, path: PurePath) -> Format:
    """Return in which of its formats a file of a stream is; the suffix tells."""
    suffix = path.with_suffix("").suffix if path.suffix in COMPRESSED else path.suffix
    return next(found for found in _formats(stream) if _SUFFIXES[found] == suffix)


def _formats(stream: Stream) -> list[Format]:
    if stream.format is None:
        return []
    return stream.format if isinstance(stream.format, list) else [stream.format]


def _delivered_at(relative: str, zone: ZoneInfo) -> datetime | None:
    """Return the end of the business day that names the innermost dated folder; None without one."""
    for part in reversed(PurePath(relative).parts[:-1]):
        if _DATED.fullmatch(part):
            try:
                day = date.fromisoformat(part)
            except ValueError:
                continue  # such as 2026-99-99: a name, not a date
            return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    return None

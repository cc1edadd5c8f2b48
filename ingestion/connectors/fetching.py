"""Fetch what a source's API has, and land it as files with the cursor that they reach.

Data and cursor become visible in one rename: whatever a killed fetch left is asked for again, and nothing else is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path

from requests.exceptions import JSONDecodeError

from ingestion import landing
from ingestion.connectors.settings import Fetch, Fetched, Settings, Window
from ingestion.contract import Format, systems
from ingestion.delivery import Delivery, format_of
from ingestion.landing import Cursor, Manifest
from ingestion.reading import Reading
from ingestion.sources_file import Source, Sources
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home

CHUNK_BYTES = 64 << 20  # a long fetch lands in parts of about this size where its order allows it


def fetch(
    sources: Sources,
    source: Source,
    api: Settings,
    home: Home,
    as_of: datetime,
    progress: Callable[[str], None],
    *,
    between: tuple[datetime, datetime] | None = None,
) -> list[Manifest]:
    """Fetch and land what a source's API has up to `as_of` and was not fetched before.

    The caller holds `landing.extracting`. A stream that was fetched for this `as_of` or a later one is left alone: what
    the API says now was not known then.

    Args:
        sources: the sources file.
        source: which of its sources.
        api: the source's settings.
        home: the data home.
        as_of: the run's moment, aware.
        progress: gets a line for each part that has landed.
        between: a backfill: only what lies between these moments, and no cursor moves.

    Raises:
        LeadmillError: some streams could not be fetched; all the others have landed.
    """
    landed: list[Manifest] = []
    failures: list[LeadmillError] = []
    for stream, fetch_stream in api.connect().items():
        if api.streams and stream not in api.streams:
            continue
        part = _Fetching(home, source, stream, as_of, sources.business_timezone)
        if between:
            window = Window(None, *between, part.scratch, is_backfill=True)
        else:
            last = _last_fetch(home, source.name, stream)
            if last and last.cursor and last.cursor.is_last and last.as_of >= as_of:
                progress(f"{stream}: was fetched for {last.as_of.isoformat()} already")
                continue
            start = datetime.combine(api.start_on, time.min, sources.zone) if api.start_on else None
            window = Window(last.cursor.reached if last and last.cursor else None, start, as_of, part.scratch)
        try:
            for manifest in part.land(fetch_stream, window):
                landed.append(manifest)
                progress(f"{stream}: {len(manifest.files):,} file(s), {manifest.rows:,} rows")
        except LeadmillError as error:
            failures.append(type(error)(f"source {source.name}, {stream}: {error}"))
    if failures:
        kind = InputError if all(isinstance(error, InputError) for error in failures) else LeadmillError
        raise kind("\n".join(str(error) for error in failures))
    return landed


def _last_fetch(home: Home, source: str, stream: str) -> Manifest | None:
    """Return the manifest whose cursor was landed last."""
    found = [past for _, past in landing.manifests(home, source, stream) if past.cursor is not None]
    return found[-1] if found else None


def _answers(fetch_stream: Fetch, window: Window) -> Iterator[Fetched]:
    """Yield what a connector gives.

    Raises:
        LeadmillError: an answer is not what the vendor documents. What was found in its place is not told.
    """
    try:
        yield from fetch_stream(window)
    except JSONDecodeError:
        raise LeadmillError("an answer came no JSON; run again later") from None
    except KeyError as error:
        raise LeadmillError(f"an answer came without {error}; run again later") from None
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise LeadmillError(f"an answer came in another form ({type(error).__name__}); run again later") from None


@dataclass
class _Fetching:
    """Writes what a stream's fetch gives, and lands it chunk by chunk."""

    home: Home
    source: Source
    stream: str
    as_of: datetime
    business_timezone: str
    _files: dict[str, Path] = field(default_factory=dict)  # of the current chunk
    _bytes: int = 0
    _cursor: str | None = None

    @property
    def folder(self) -> Path:
        """Where the current chunk is written; what a killed fetch leaves here is cleared with the other partials."""
        return self.home.landing / self.source.name / self.stream / f"{landing.PARTIAL}fetch"

    @property
    def scratch(self) -> Path:
        """Where the connector puts downloads."""
        return self.folder / "scratch"

    def land(self, fetch_stream: Fetch, window: Window) -> Iterator[Manifest]:
        """Land a stream's window; yield the manifest of each part."""
        self.scratch.mkdir(parents=True)
        try:
            for fetched in _answers(fetch_stream, window):
                if self._cursor is not None and self._bytes >= CHUNK_BYTES:
                    yield from self._land_chunk(self._reached(window, is_last=False))
                self._add(fetched)
            if self._files:
                yield from self._land_chunk(self._reached(window, is_last=True))
        finally:
            shutil.rmtree(self.folder)

    def _reached(self, window: Window, *, is_last: bool) -> Cursor | None:
        if window.is_backfill:
            return None
        return Cursor(reached=window.until.isoformat() if self._cursor is None else self._cursor, is_last=is_last)

    def _add(self, fetched: Fetched) -> None:
        target = self.folder / "chunk" / fetched.file
        target.parent.mkdir(parents=True, exist_ok=True)
        self._files[fetched.file] = target
        if isinstance(fetched.content, Path):
            self._bytes += fetched.content.stat().st_size
            fetched.content.rename(target)
        else:
            self._check(fetched.content)
            # A line break in JSON stands only between its parts: a page is one line.
            line = fetched.content.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
            self._bytes += len(line)
            with target.open("ab") as file:
                file.write(line)
        self._cursor = fetched.cursor if fetched.cursor is not None else self._cursor

    def _check(self, page: bytes) -> None:
        """Refuse what is no page at all, such as a login form; what is in a page is the loader's to judge.

        Raises:
            LeadmillError: it is none.
        """
        records = systems()[self.source.system].streams[self.stream].records
        if page.lstrip()[:1] != b"{" or (records and f'"{records.rpartition(".")[-1]}"'.encode() not in page):
            told = f" with a list {records!r}" if records else ""
            raise LeadmillError(f"an answer is no JSON object{told}; run again later")

    def _land_chunk(self, cursor: Cursor | None) -> Iterator[Manifest]:
        """Land the files of the current chunk, one extract for each format, and begin the next one."""
        moment = f"{self.as_of:%Y%m%dT%H%M%SZ}"
        number = len(list(self.folder.parent.glob(f"{moment}*"))) + 1  # what broke off before has its own
        contract = systems()[self.source.system].streams[self.stream]
        deliveries: dict[Format, list[Delivery]] = {}
        for name, path in self._files.items():
            kind = format_of(contract, path)
            reading = Reading.of_connector(self.source.system, self.stream, kind, self.business_timezone)
            deliveries.setdefault(kind, []).append(Delivery(path, f"{moment}/{number:04d}/{name}", reading, self.as_of))
        for left, found in zip(reversed(range(len(deliveries))), deliveries.values(), strict=True):
            mistakes: list[InputError] = []
            told = cursor if left == 0 else None
            manifest = landing.land(self.home, self.source.name, self.as_of, found, {}, mistakes, told)
            if mistakes:
                raise mistakes[0]
            if manifest:
                yield manifest
        shutil.rmtree(self.folder / "chunk")
        self._files, self._bytes = {}, 0

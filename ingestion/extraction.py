"""Extract a source: land the files it has delivered. Nothing here touches the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from ingestion import landing, segments
from ingestion.delivery import Delivery, deliveries
from ingestion.erasure import requests
from ingestion.sources_file import Source, Sources
from leadmill.errors import InputError
from leadmill.settings import Home


@dataclass(frozen=True)
class ExtractResult:
    """What an extract landed."""

    source: str
    files: int
    rows: int

    def __str__(self) -> str:
        return f"{self.source}: {self.files:,} new file(s), {self.rows:,} rows landed"


def extract(
    sources: Sources, source_name: str, home: Home, as_of: datetime, progress: Callable[[str], None]
) -> ExtractResult:
    """Land what a source has delivered by `as_of`, or its API has, and has not been landed yet.

    Args:
        sources: the sources file.
        source_name: which of its sources.
        home: the data home.
        as_of: the run's moment, aware.
        progress: gets a line for each stream.

    Raises:
        InputError: some files can't be read as what they should be; all the others have landed.
        LeadmillError: an API did not answer, the disk is full, another process extracts this source, or an erasure was
            interrupted.
    """
    requests.require_finished(home)
    source = _named(sources, source_name)
    with landing.extracting(home, source.name):
        if source.api is None:
            extracted = _land_files(sources, source, home, as_of, progress)
        else:
            from ingestion.connectors.fetching import fetch  # its HTTP client takes seconds to import

            extracted = fetch(sources, source, source.api, home, as_of, progress)
    return _result(source, extracted)


def backfill(
    sources: Sources,
    source_name: str,
    home: Home,
    first: date,
    last: date,
    as_of: datetime,
    progress: Callable[[str], None],
) -> ExtractResult:
    """Land some days of one source anew: what its API has of them, or its files in the folders of those days.

    What the next `extract` will ask an API for does not change.

    Args:
        sources: the sources file.
        source_name: which of its sources.
        home: the data home.
        first: business day.
        last: business day, itself included.
        as_of: the run's moment, aware.
        progress: gets a line for each stream.

    Raises:
        InputError: no such days, or some files can't be read as what they should be; all the others have landed.
        LeadmillError: an API did not answer, the disk is full, another process extracts this source, or an erasure was
            interrupted.
    """
    requests.require_finished(home)
    source = _named(sources, source_name)
    start, end = (datetime.combine(day, time.min, sources.zone) for day in (first, last + timedelta(days=1)))
    if start >= min(end, as_of):
        raise InputError(f"no days from {first} to {last} that have begun; give the earlier one first")
    if source.collector is not None:
        raise InputError(f"source {source.name}: what a collector received can't be asked for again")
    with landing.extracting(home, source.name):
        if source.api is None:
            # A file that no folder dates counts as delivered at as_of: of those days are the dated ones.
            found = [
                delivery
                for delivery in deliveries(sources, source, as_of)
                if start < delivery.delivered_at <= end and delivery.delivered_at != as_of
            ]
            mistakes: list[InputError] = []
            extracted = _land(source, home, as_of, found, {}, mistakes, progress)
            _raise(mistakes)
        else:
            from ingestion.connectors.fetching import fetch

            extracted = fetch(sources, source, source.api, home, as_of, progress, between=(start, min(end, as_of)))
    return _result(source, extracted)


def _named(sources: Sources, name: str) -> Source:
    source = next((found for found in sources.sources if found.name == name), None)
    if source is None:
        names = ", ".join(found.name for found in sources.sources)
        raise InputError(f"no source {name!r} in the sources file; it has: {names}")
    return source


def _result(source: Source, extracted: list[landing.Manifest]) -> ExtractResult:
    return ExtractResult(source.name, sum(len(m.files) for m in extracted), sum(m.rows for m in extracted))


def _land_files(
    sources: Sources, source: Source, home: Home, as_of: datetime, progress: Callable[[str], None]
) -> list[landing.Manifest]:
    known = landing.landed_before(home, source.name)
    if source.collector is None:
        found = deliveries(sources, source, as_of)
    else:
        segments.join(home, source.name, as_of, {path for _, path in known})
        found = segments.deliveries(home, source.name, sources.business_timezone, as_of, progress)
    if not found:
        progress(f"{source.name}: no file was delivered by {as_of.isoformat()}")
    mistakes: list[InputError] = []
    extracted = _land(source, home, as_of, found, known, mistakes, progress)
    if source.collector is not None:
        segments.remove(found, {file.path for manifest in extracted for file in manifest.files})
    _raise(mistakes)
    return extracted


def _land(
    source: Source,
    home: Home,
    as_of: datetime,
    found: list[Delivery],
    known: landing.Known,
    mistakes: list[InputError],
    progress: Callable[[str], None],
) -> list[landing.Manifest]:
    extracted = []
    for reading, files in groupby(found, key=lambda delivery: delivery.reading):
        manifest = landing.land(home, source.name, as_of, list(files), known, mistakes)
        if manifest:
            extracted.append(manifest)
            progress(f"{reading.stream}: {len(manifest.files):,} new file(s), {manifest.rows:,} rows")
    return extracted


def _raise(mistakes: list[InputError]) -> None:
    if mistakes:
        raise InputError("\n".join(str(mistake) for mistake in mistakes))

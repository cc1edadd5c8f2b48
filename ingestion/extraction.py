"""Extract a source: land the files it has delivered. Nothing here touches the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from ingestion import landing, segments
from ingestion.delivery import deliveries
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
    source = next((found for found in sources.sources if found.name == source_name), None)
    if source is None:
        names = ", ".join(found.name for found in sources.sources)
        raise InputError(f"no source {source_name!r} in the sources file; it has: {names}")
    with landing.extracting(home, source.name):
        if source.api is None:
            extracted = _land_files(sources, source, home, as_of, progress)
        else:
            from ingestion.connectors.fetching import fetch  # its HTTP client takes seconds to import

            extracted = fetch(sources, source, source.api, home, as_of, progress)
    return ExtractResult(source.name, sum(len(m.files) for m in extracted), sum(m.rows for m in extracted))


def _land_files(
    sources: Sources, source: Source, home: Home, as_of: datetime, progress: Callable[[str], None]
) -> list[landing.Manifest]:
    if source.collector is None:
        found = deliveries(sources, source, as_of)
    else:
        found = segments.deliveries(home, source.name, sources.business_timezone, as_of, progress)
    if not found:
        progress(f"{source.name}: no file was delivered by {as_of.isoformat()}")
    mistakes: list[InputError] = []
    extracted = []
    known = landing.landed_before(home, source.name)
    for reading, files in groupby(found, key=lambda delivery: delivery.reading):
        manifest = landing.land(home, source.name, as_of, list(files), known, mistakes)
        if manifest:
            extracted.append(manifest)
            progress(f"{reading.stream}: {len(manifest.files):,} new file(s), {manifest.rows:,} rows")
    if source.collector is not None:
        landed = {path for _, path in known} | {file.path for manifest in extracted for file in manifest.files}
        segments.remove(found, landed)
    if mistakes:
        raise InputError("\n".join(str(mistake) for mistake in mistakes))
    return extracted

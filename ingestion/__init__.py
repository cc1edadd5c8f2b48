"""Source files in, raw tables out: what was delivered lands unchanged, is loaded once, and nothing is lost."""

from ingestion.extraction import ExtractResult, backfill, extract
from ingestion.freshness import freshness
from ingestion.freshness import note as note_freshness
from ingestion.ledger import quarantine, schema_changes
from ingestion.loading import LoadResult, load
from ingestion.sources_file import Sources, read_sources
from ingestion.warehouse import writer_lock

__all__ = [
    "ExtractResult",
    "LoadResult",
    "Sources",
    "backfill",
    "extract",
    "freshness",
    "load",
    "note_freshness",
    "quarantine",
    "read_sources",
    "schema_changes",
    "writer_lock",
]

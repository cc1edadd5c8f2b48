"""Landed files as the reader of records takes them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.reading import Reading
from ingestion.records import BatchFile, Shape

if TYPE_CHECKING:
    from ingestion.landing import LandedFile


def shape_of(file: LandedFile, reading: Reading) -> Shape:
    """Return what a file has in common with those that one statement can read together with it."""
    found = file.found
    return Shape(reading, tuple(found.columns or ()), tuple(found.types or ()), found.has_quoted_newlines)


def batch_file(file: LandedFile, folder: Path) -> BatchFile:
    """Return a landed file of an extract's folder as one of a batch."""
    return BatchFile(
        filename=str(folder / file.readable_name),
        path=file.path,
        delivered_at=file.delivered_at.astimezone(UTC).replace(tzinfo=None),
        lines=file.found.lines,
        longest_line=file.found.longest_line,
        header_lines=file.found.header_lines,
        end_line=file.found.end_line,
        rows=file.found.rows,
        undecodable_bytes=file.found.undecodable_bytes,
    )

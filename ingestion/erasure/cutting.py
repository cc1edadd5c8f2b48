"""Cut persons out of the files of an extract."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingestion.copying import copying
from ingestion.erasure import identifiers
from ingestion.erasure.finding import find
from ingestion.erasure.identifiers import Forgotten
from ingestion.erasure.rewriting import rewrite
from ingestion.inspection import inspect
from ingestion.reading import Reading

if TYPE_CHECKING:
    from ingestion.landing import LandedFile


def cut(
    source: str, reading: Reading, folder: Path, files: Sequence[LandedFile], forgotten: Forgotten, staged: Path
) -> dict[str, LandedFile]:
    """Write anew those of an extract's files that name somebody who is to be forgotten.

    Args:
        source: the source's name.
        reading: how the files are read.
        folder: of the extract.
        files: of the extract.
        forgotten: whom they may not name.
        staged: an empty folder, where the new files are written under their former names.

    Returns:
        What they are now, by name; files that name nobody are left out.
    """
    changed = {}
    with duckdb.connect() as connection:
        identifiers.remember(connection, forgotten)
        found = find(source, reading, folder, files, forgotten, connection)
        for file in files:
            if file.name not in found:
                continue
            target = staged / file.name
            rewritten = staged / f"rewritten{target.suffix}"
            readable = folder / file.readable_name
            rewrite(folder / file.name, readable, rewritten, reading, file.found, found[file.name], connection)
            with ThreadPoolExecutor(2) as pool, copying(rewritten, target, sha256(), pool) as rewriting:
                if reading.format == "parquet":
                    rewriting.finish()
                readable, inspection = inspect(rewriting, target, reading, file.path)
            rewritten.unlink()
            changed[file.name] = file.model_copy(
                update={
                    "readable_name": readable.name,
                    "found": inspection,
                    "rows_erased": file.rows_erased + file.found.rows - inspection.rows,
                }
            )
    return changed

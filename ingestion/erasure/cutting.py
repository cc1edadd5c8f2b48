"""Cut persons out of the files of an extract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingestion.copying import copying
from ingestion.erasure import identifiers
from ingestion.erasure.finding import Copy, Found, find
from ingestion.erasure.identifiers import Forgotten
from ingestion.erasure.rewriting import rewrite
from ingestion.inspection import PLAIN, inspect
from ingestion.reading import Reading

if TYPE_CHECKING:
    from ingestion.landing import LandedFile


@contextmanager
def session(forgotten: Forgotten) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection that knows whom to look for."""
    with duckdb.connect() as connection:
        identifiers.remember(connection, forgotten)
        yield connection


def cut_landing(
    source: str, reading: Reading, folder: Path, files: Sequence[LandedFile], forgotten: Forgotten
) -> list[LandedFile]:
    """Cut erased persons out of files that are landing, in their folder; return what the files are then."""
    staged = folder / "staged"
    staged.mkdir()
    with session(forgotten) as connection:
        found = find(source, reading, [Copy(folder, file) for file in files], forgotten, connection)
        now = [
            cut(Copy(folder, file), reading, found[folder / file.name], staged, connection)
            if folder / file.name in found
            else file
            for file in files
        ]
    for path in staged.iterdir():
        path.replace(folder / path.name)
    staged.rmdir()
    remove_unread(folder, now)
    return now


def remove_unread(folder: Path, files: Sequence[LandedFile]) -> None:
    """Remove plain copies that no file of an extract needs any more: what was no plain text was the person's."""
    needed = {file.readable_name for file in files}
    for copy in folder.glob(f"*{PLAIN}"):
        if copy.name not in needed:
            copy.unlink()


def cut(copy: Copy, reading: Reading, found: Found, staged: Path, connection: duckdb.DuckDBPyConnection) -> LandedFile:
    """Write a landed file anew, without what was found in it.

    Args:
        copy: the file.
        reading: how it is read.
        found: what has to go.
        staged: a folder, where it is written under its former name.
        connection: to work in.

    Returns:
        What the file is then.
    """
    file = copy.file
    target = staged / file.name
    rewritten = staged / f"rewritten{target.suffix}"
    rewrite(copy.path, copy.folder / file.readable_name, rewritten, reading, file.found, found, connection)
    with ThreadPoolExecutor(2) as pool, copying(rewritten, target, sha256(), pool) as source:
        if reading.format == "parquet":
            source.finish()
        readable, inspection = inspect(source, target, reading, file.path)
    rewritten.unlink()
    erased = file.rows_erased + file.found.rows - inspection.rows
    return file.model_copy(update={"readable_name": readable.name, "found": inspection, "rows_erased": erased})

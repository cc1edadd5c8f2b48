"""Copy a delivered file while it is read: its bytes are hashed, written and looked through in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ingestion.stores import RemoteFile
from ingestion.text import BLOCK_BYTES
from leadmill.errors import InputError


class Copying:
    """A delivered file under way: what is read of it is hashed and written to its copy, beside the reader."""

    closed = False

    def __init__(
        self, path: Path | RemoteFile, source: IO[bytes], target: IO[bytes], digest: hashlib._Hash, pool: Executor
    ) -> None:
        """Begin at the start of the file.

        Args:
            path: the file's name for messages.
            source: the file.
            target: its copy.
            digest: gets the bytes that are read.
            pool: hashes and writes; two threads serve.
        """
        self._path = path
        self._source = source
        self._target = target
        self._digest = digest
        self._pool = pool
        self._under_way: list[Future[Any]] = []

    def read(self, size: int) -> bytes:
        """Return the next bytes, none at the end.

        Raises:
            InputError: the file can't be read.
            OSError: the copy can't be written.
        """
        with told_if_unreadable(self._path):
            block = self._source.read(size)
        for work in self._under_way:
            work.result()
        if block:
            self._under_way = [self._pool.submit(self._digest.update, block), self._pool.submit(self._write, block)]
        return block

    def close(self) -> None:
        """Do nothing: a decompressor closes what it has read, but more may follow that is to be copied."""

    def finish(self) -> None:
        """Copy what the reader left, and wait until all is written."""
        while self.read(BLOCK_BYTES):
            pass

    def wait(self) -> None:
        """Wait for what is under way: a write to a closed file could reach the one that took its descriptor."""
        wait(self._under_way)

    def _write(self, block: bytes) -> None:
        rest = memoryview(block)
        while rest:
            rest = rest[self._target.write(rest) :]


@contextmanager
def copying(path: Path | RemoteFile, copy: Path, digest: hashlib._Hash, pool: Executor) -> Iterator[Copying]:
    """Open a delivered file for a reader, and its copy; at the end all of the file has been copied.

    Raises:
        InputError: the file can't be read.
    """
    with told_if_unreadable(path):
        source = path.open("rb", buffering=0)
    with source, copy.open("wb", buffering=0) as target:
        under_way = Copying(path, source, target, digest, pool)
        try:
            yield under_way
            under_way.finish()
        finally:
            under_way.wait()


@contextmanager
def told_if_unreadable(path: Path | RemoteFile) -> Iterator[None]:
    """Say of which delivered file an error of the system is.

    Raises:
        InputError: the file can't be read.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error

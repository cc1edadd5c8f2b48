"""Lines onto the disk, many requests with one flush: an append returns only when its lines will survive a crash."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from ingestion import segments

MOST_WAITING_BYTES = 32 << 20
SEAL_BYTES = 32 << 20
SEAL_SECONDS = 30.0

# macOS has no fdatasync; where it exists it spares writing the file's times.
_flush = getattr(os, "fdatasync", os.fsync)

_log = logging.getLogger(__name__)


class StorageUnavailable(Exception):
    """The lines are not on the disk (it is full, broken or too slow): the sender must send them again."""


class _Segment:
    """An open segment of one stream."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = segments.new_segment(folder)
        self.opened_at = time.monotonic()
        self.bytes = 0
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        segments.flush_folder(folder)
        segments.flush_folder(folder.parent)

    def append(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        _flush(self._descriptor)
        self.bytes += len(content)

    def close(self) -> None:
        os.close(self._descriptor)


class SegmentWriter:
    """Appends lines to the segments of one source. One task writes, so that waiting requests share a flush."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        *,
        seal_bytes: int = SEAL_BYTES,
        seal_seconds: float = SEAL_SECONDS,
    ) -> None:
        self.is_working = True  # the last write succeeded
        self._folder = folder
        self._clock = clock
        self._seal_bytes = seal_bytes
        self._seal_seconds = seal_seconds
        self._waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._waiting_bytes = 0
        self._wanted = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="segments")  # it alone touches what follows
        self._open: dict[str, _Segment] = {}
        self._closed: list[Path] = []  # not sealed yet

    async def append(self, stream: str, lines: bytes) -> None:
        """Return when the lines are on the disk.

        Args:
            stream: the stream of the raw contract.
            lines: whole lines.

        Raises:
            StorageUnavailable: they are not, or it is not known.
        """
        if self._waiting_bytes + len(lines) > MOST_WAITING_BYTES:
            raise StorageUnavailable
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((stream, lines, done))
        self._waiting_bytes += len(lines)
        self._wanted.set()
        await done

    async def run(self) -> None:
        """Write what waits, and seal what is old, until the task is cancelled."""
        try:
            await asyncio.gather(self._write_forever(), self._seal_forever())
        finally:
            self._thread.submit(self._seal_all).result()
            self._thread.shutdown()

    async def _write_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
            try:
                await loop.run_in_executor(self._thread, self._commit, batch)
                problem = None
            except Exception as error:  # noqa: BLE001 whatever it is: every request gets its answer
                _log.error("segments can't be written: %s", getattr(error, "strerror", None) or type(error).__name__)
                problem = StorageUnavailable()
            self.is_working = problem is None
            for _, _, done in batch:
                if done.done():  # its request was given up
                    continue
                if problem:
                    done.set_exception(problem)
                else:
                    done.set_result(None)

    async def _seal_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._seal_seconds / 10)
            await loop.run_in_executor(self._thread, self._seal_old)

    def _commit(self, batch: list[tuple[str, bytes, asyncio.Future[None]]]) -> None:
        by_stream = defaultdict(list)
        for stream, lines, _ in batch:
            by_stream[stream].append(lines)
        for stream, parts in by_stream.items():
            segment = self._open.get(stream)
            if segment is None:
                segment = self._open[stream] = _Segment(self._folder / stream)
            try:
                segment.append(b"".join(parts))
            except OSError:
                # After a failed flush nobody knows what of it is on the disk: nothing more is written to this file.
                # What was acknowledged before was flushed before.
                self._close(stream)
                raise
            if segment.bytes >= self._seal_bytes:
                self._close(stream)
                self._seal_closed()

    def _seal_old(self) -> None:
        now = time.monotonic()
        for stream in [name for name, found in self._open.items() if now - found.opened_at >= self._seal_seconds]:
            self._close(stream)
        self._seal_closed()

    def _seal_all(self) -> None:
        for stream in list(self._open):
            self._close(stream)
        self._seal_closed()

    def _close(self, stream: str) -> None:
        segment = self._open.pop(stream)
        segment.close()
        self._closed.append(segment.path)

    def _seal_closed(self) -> None:
        """Seal what is closed; what the disk does not let be sealed now is tried again, by the next start at last."""
        closed, self._closed = self._closed, []
        for path in closed:
            try:
                segments.seal(path, self._clock())
            except OSError as error:
                _log.error("a segment can't be sealed: %s", error.strerror)
                if path.exists():
                    self._closed.append(path)

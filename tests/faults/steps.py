"""What runs in a process that is killed: a step of a night, or a collector. Forked from a process with warm imports."""

from __future__ import annotations

import multiprocessing
import signal
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import ingestion
from ingestion.connectors import fetching, hubspot
from leadmill.settings import Home
from serving.collector import server

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def extract(home: Home, sources_file: Path, as_of: datetime, names: list[str]) -> None:
    """Land some sources; a live fetch lands in parts as small as can be."""
    hubspot._LISTED, hubspot._EVENTS, fetching.CHUNK_BYTES = 20, 10, 1
    sources = ingestion.read_sources(sources_file)
    for name in names:
        ingestion.extract(sources, name, home, as_of, lambda _: None)


def load(home: Home, as_of: datetime) -> None:
    """Load what has landed."""
    ingestion.load(home, as_of, lambda _: None)


def extract_and_load(home: Home, sources_file: Path, as_of: datetime, names: list[str]) -> None:
    """Land some sources and load them."""
    extract(home, sources_file, as_of, names)
    load(home, as_of)


def serve(home: Home, sources_file: Path, told: Connection) -> None:
    """Run a collector; tell its port."""

    def progress(line: str) -> None:
        if "on http://" in line:
            told.send(int(line.rpartition(":")[2]))

    source = server.collector_of(ingestion.read_sources(sources_file), None)
    server.serve(home, source, host="127.0.0.1", port=0, progress=progress)


def begun(step: str, *arguments: Any) -> ForkServerProcess:
    """Start a step of this module in a process of its own, and return when it is about to begin."""
    here, there = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(step, arguments, there))
    process.start()
    here.recv()
    return process


def _run(step: str, arguments: tuple[Any, ...], told: Connection) -> None:
    told.send("begun")
    globals()[step](*arguments)


def serving(home: Home, sources_file: Path) -> tuple[ForkServerProcess, int]:
    """Start a collector, and return its port when it listens."""
    here, there = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=serve, args=(home, sources_file, there))
    process.start()
    there.close()
    return process, here.recv()


def killed(process: ForkServerProcess) -> bool:
    """Kill a process at once; return whether it was still at work.

    Raises:
        AssertionError: it had failed by itself.
    """
    process.kill()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}, f"it ended by itself with {process.exitcode}"
    return process.exitcode != 0


def finished(process: ForkServerProcess) -> None:
    """Let a process come to its end.

    Raises:
        AssertionError: it failed.
    """
    process.join(120)
    assert process.exitcode == 0, f"it ended with {process.exitcode}"

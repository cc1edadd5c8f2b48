"""Run the collector: one process a source, on loopback unless told otherwise."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime

import uvicorn
from fastapi import FastAPI
from filelock import FileLock, Timeout

from ingestion import segments
from ingestion.collector_settings import CollectorSettings
from ingestion.sources_file import Source, Sources
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home
from serving.collector.app import create_app
from serving.collector.endpoints import Collector
from serving.collector.forwarding import Forwarder
from serving.collector.outbox import Outbox, open_outbox, outbox_path
from serving.collector.receivers import receiver_of
from serving.collector.segment_writer import SegmentWriter

_STOP_SECONDS = 10
_BACKLOG = 2048
_MOST_CONNECTIONS = 2000  # more get 503: each may hold a body in memory


def collector_of(sources: Sources, name: str | None) -> Source:
    """Return the collector's source; without a name the only one.

    Raises:
        InputError: there is none, or several and no name.
    """
    found = [source for source in sources.sources if source.collector and name in {None, source.name}]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"the sources file has several collectors; choose one: {', '.join(s.name for s in found)}")
    raise InputError("the sources file has no such source of `system: collector` with `collector:` (docs/collector.md)")


def serve(home: Home, source: Source, *, host: str, port: int, progress: Callable[[str], None]) -> None:
    """Serve until the process is told to stop; then seal what is open.

    Raises:
        InputError: the port is taken.
        LeadmillError: another process runs this collector, or delivers the outbox.
    """
    assert source.collector is not None  # noqa: S101 `collector_of` chose it
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    folder = segments.folder_of(home, source.name)
    with ExitStack() as held:
        held.enter_context(segments.writing(home, source.name))
        held.enter_context(_forwarding(home))
        segments.seal_abandoned(folder, _now(), progress)
        outbox = held.enter_context(open_outbox(home, time.time))
        collector = Collector(
            source.name,
            source.collector,
            person_key=home.id_key(),
            writer=SegmentWriter(folder, _now),
            outbox=outbox,
            forwarder=_forwarder(source, outbox),
            clock=_now,
        )
        with _listening(host, port) as listener:
            progress(f"collector {source.name} on http://{host}:{listener.getsockname()[1]}")
            # After its own work uvicorn sends itself again the signal that stopped it.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            with suppress(KeyboardInterrupt):
                uvicorn.Server(uvicorn_config(create_app(collector), source.collector)).run(sockets=[listener])


def drain(home: Home, source: Source) -> dict[str, int]:
    """Deliver now what waits in the outbox, while no server runs.

    Returns:
        How many entries wait, and how many are dead letters, afterwards.

    Raises:
        LeadmillError: a server is running and delivers by itself.
    """
    with _forwarding(home), open_outbox(home, time.time) as outbox:
        outbox.retry()
        _forwarder(source, outbox).drain()
        return outbox.counts()


def _forwarder(source: Source, outbox: Outbox) -> Forwarder:
    forward = source.collector.forward if source.collector else []
    return Forwarder(outbox, {settings.name: receiver_of(settings) for settings in forward})


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_BACKLOG
        )
    except OSError as error:
        raise InputError(f"can't listen on {host} port {port}: {error.strerror}; choose another --port") from error


def uvicorn_config(app: FastAPI, settings: CollectorSettings) -> uvicorn.Config:
    """Return how uvicorn runs the application; forwarded addresses count only from trusted proxies."""
    return uvicorn.Config(
        app,
        access_log=False,  # addresses are not kept
        log_level="warning",
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


@contextmanager
def _forwarding(home: Home) -> Iterator[None]:
    """Be the one process that delivers the outbox: two would break the order of a person's submissions."""
    path = outbox_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=1):
            yield
    except Timeout:
        raise LeadmillError("a running collector delivers the outbox already; stop it first") from None


def _now() -> datetime:
    return datetime.now(UTC)

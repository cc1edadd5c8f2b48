"""Accepted events a second of one collector process on one core, and what a request waits for its answer.

The server is the real one (`leadmill collector`: validation, rate limit, append and flush before each answer), pinned
to one core. The client is pinned to another: asyncio protocols on keep-alive connections that write bytes made
beforehand and only look for the end of an answer; its own share of a core is told beside the result, so that one sees
that it was not what limited. First each connection sends as soon as it is answered, which gives the most that the
server takes; then requests leave by the clock at a share of that, and each waiting time counts from when the request
was due, so that a stall costs all that were due in it. Afterwards every accepted event must stand in the segments.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import click
import uvloop

ORIGIN = "https://www.example.co.jp"


class Load(NamedTuple):
    """One measurement."""

    requests: int
    seconds: float
    waits: list[float]  # seconds, sorted
    client_share: float  # of a core
    server_share: float

    def quantile(self, share: float) -> float:
        """Return a quantile of the waits in milliseconds."""
        return 1000 * self.waits[min(len(self.waits) - 1, int(share * len(self.waits)))]


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    _transport: asyncio.Transport
    _answer: bytes
    _answered: asyncio.Future[None]

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 the loop's own class
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Look for the end of the answer: a small JSON object."""
        self._answer += data
        if self._answer.endswith(b"}"):
            if self._answer.startswith(b"HTTP/1.1 202"):
                self._answered.set_result(None)
            else:
                self._answered.set_exception(RuntimeError(self._answer.decode("latin-1")))

    async def sent(self, request: bytes) -> None:
        """Send a request and wait for its answer."""
        self._answer = b""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await self._answered


class Requests:
    """Requests of a page, each with event ids of its own."""

    def __init__(self, events: int, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self._events = events
        event = {
            "event_id": "00000000-0000-4000-8000-############",
            "event_name": "page_view",
            "occurred_at": "2026-11-20T04:05:06.789Z",
            "anonymous_id": "6f1c1f0e-6b1e-4f0c-9c2e-3a1de2f4b5c6",
            "url": f"{ORIGIN}/products/analytics?utm_source=newsletter&utm_medium=email&utm_campaign=autumn",
            "referrer": "https://www.google.com/",
            "title": "アクセス解析｜製品紹介",
            "consent": "granted",
            "properties": {"language": "ja", "viewport": "1280x720"},
        }
        body = json.dumps({"sent_at": "2026-11-20T04:05:07.000Z", "events": [event] * events}, ensure_ascii=False)
        head = (
            f"POST /collect HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {ORIGIN}\r\n"
            "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0\r\n"
            f"Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {len(body.encode())}\r\n\r\n"
        )
        self._parts = (head + body).encode().split(b"############")

    def __next__(self) -> bytes:
        ids = [b"%012x" % next(self._numbers) for _ in range(self._events)]
        return b"".join(part for pair in zip(self._parts, [*ids, b""], strict=True) for part in pair)


class Server(NamedTuple):
    """A running collector."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the processor time that it has taken."""
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Run a collector on one core."""
    sources = folder / "sources.yml"
    settings = {"allowed_origins": [ORIGIN], "requests_per_minute": 10**9}
    sources.write_text(json.dumps({"sources": [{"name": "web", "system": "collector", "collector": settings}]}))
    command = [Path(sys.executable).with_name("leadmill"), "collector", "--port", "0"]
    where = ["--sources", sources, "--home", folder / "home"]
    process = subprocess.Popen([*command, *where], stderr=subprocess.PIPE, text=True)  # noqa: S603
    os.sched_setaffinity(process.pid, {0})
    try:
        told = process.stderr.readline() if process.stderr else ""
        yield Server(int(told.rpartition(":")[2]), process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def measured(server: Server, connections: int, requests: Requests, seconds: float, rate: float | None) -> Load:
    """Send for some seconds: as fast as answers come, or `rate` requests a second by the clock."""
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    opened = [await loop.create_connection(Connection, "127.0.0.1", server.port) for _ in range(connections)]
    begin, cpu, server_cpu = time.perf_counter(), time.process_time(), server.cpu_seconds()
    numbers = count()

    async def work(connection: Connection) -> None:
        while True:
            due = time.perf_counter() if rate is None else begin + next(numbers) / rate
            if due > begin + seconds:
                return
            if due > time.perf_counter():
                await asyncio.sleep(due - time.perf_counter())
            await connection.sent(next(requests))
            waits.append(time.perf_counter() - due)

    await asyncio.gather(*(work(connection) for _, connection in opened))
    took = time.perf_counter() - begin
    for transport, _ in opened:
        transport.close()
    return Load(
        len(waits), took, sorted(waits), (time.process_time() - cpu) / took, (server.cpu_seconds() - server_cpu) / took
    )


def flushes_a_second(folder: Path) -> float:
    """Return how often the disk alone takes an append and a flush of one event."""
    with (folder / "probe").open("wb", buffering=0) as file:
        begin = time.perf_counter()
        for done in count(1):
            file.write(b"x" * 600)
            os.fdatasync(file.fileno())
            if time.perf_counter() - begin > 2:
                return done / (time.perf_counter() - begin)
    raise AssertionError


def kept_events(home: Path) -> int:
    """Return how many different events stand in the segments."""
    found = re.compile(rb'"event_id":"([0-9a-f-]{36})"')
    return len({match for path in home.glob("collector/web/events/*") for match in found.findall(path.read_bytes())})


def row(events: int, connections: int, load: Load, how: str) -> str:
    """Return a row of the table."""
    return (
        f"| {how} | {events} | {connections} | {load.requests / load.seconds:,.0f} |"
        f" {events * load.requests / load.seconds:,.0f} | {load.quantile(0.5):.1f} | {load.quantile(0.99):.1f} |"
        f" {load.server_share:.0%} | {load.client_share:.0%} |"
    )


def report(seconds: float, connections: int, folder: Path) -> str:
    """Measure, and return the section of the page."""
    probe = flushes_a_second(folder)
    rows, numbers = [], count()
    with running(folder) as server:
        for events in (1, 10):
            requests = Requests(events, numbers)
            uvloop.run(measured(server, connections, requests, seconds / 10, None))  # to warm up
            most = uvloop.run(measured(server, connections, requests, seconds, None))
            rows.append(row(events, connections, most, "as fast as it answers"))
            for share in (0.5, 0.8):
                rate = share * most.requests / most.seconds
                paced = uvloop.run(measured(server, connections, requests, seconds, rate))
                rows.append(row(events, connections, paced, f"{share:.0%} of that"))
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/health") as answer:
            accepted = json.load(answer)["accepted"]
    kept = kept_events(folder / "home")
    if kept != accepted:
        raise SystemExit(f"{accepted:,} events were accepted, but {kept:,} stand in the segments")
    text = f"""
`make bench-collector`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, the server on one core, the
client on another. The disk alone takes {probe:,.0f} appends with a flush a second. Each accepted event was flushed
before its answer; all {accepted:,} stood in the segments afterwards.

| load | events a request | connections | requests/s | events/s | p50 ms | p99 ms | server's core | client's core |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""
    return text.lstrip() + "\n".join(rows)


@click.command()
@click.option("--seconds", default=20.0, show_default=True, help="Length of each measurement.")
@click.option("--connections", default=256, show_default=True, help="Connections at a time.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder on the disk to measure [temporary]."
)
def main(seconds: float, connections: int, out: Path | None) -> None:
    """Measure the collector, and print the section of docs/benchmarks.md."""
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory(prefix="collector-", dir=out) as folder:
        click.echo(report(seconds, connections, Path(folder)))


if __name__ == "__main__":
    main()

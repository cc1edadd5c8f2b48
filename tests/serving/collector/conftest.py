"""A collector in a home of its own, with a clock that the test sets, and a tool that receives its submissions."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from ingestion import segments
from ingestion.collector_settings import CollectorSettings
from leadmill.settings import Home
from serving.collector.app import create_app
from serving.collector.endpoints import Collector
from serving.collector.forwarding import Forwarder
from serving.collector.outbox import Outbox, outbox_path
from serving.collector.receivers import receiver_of
from serving.collector.segment_writer import SegmentWriter
from serving.collector.signatures import signature
from tests.serving.collector.tool import Tool

NOW = datetime(2026, 11, 20, 4, 5, 6, tzinfo=UTC)
ORIGIN = "https://www.example.co.jp"
SECRET = "a secret of the site's server"  # noqa: S105
TOOL_SECRET = "a secret of the other tool"  # noqa: S105
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class Site:
    """What a site's pages and its server send to a collector, and what the collector kept."""

    def __init__(self, home: Home, clock: Clock, settings: dict[str, Any]) -> None:
        self.home = home
        self.clock = clock
        self.settings = CollectorSettings.model_validate(
            {"allowed_origins": [ORIGIN], "webhook_secrets": [SECRET]} | settings
        )
        self.folder = segments.folder_of(home, "web")
        self.outbox = Outbox(outbox_path(home), lambda: clock().timestamp())
        self.receivers = {receiver.name: receiver_of(receiver) for receiver in self.settings.forward}
        self.writer = SegmentWriter(self.folder, clock)
        collector = Collector(
            "web",
            self.settings,
            person_key="a key",
            writer=self.writer,
            outbox=self.outbox,
            forwarder=Forwarder(self.outbox, self.receivers, first_wait_seconds=0, trouble_seconds=0),
            clock=clock,
        )
        self.app = create_app(collector)
        self.client = TestClient(self.app)

    def collect(self, *events: Any, **headers: str) -> Any:
        """Send events as the snippet does."""
        body = {"sent_at": NOW.isoformat(), "events": events}
        return self.client.post("/collect", content=json.dumps(body), headers=self.headers() | headers)

    def headers(self) -> dict[str, str]:
        return {"Origin": ORIGIN, "User-Agent": BROWSER, "Content-Type": "text/plain;charset=UTF-8"}

    def submit(
        self,
        content: dict[str, Any] | bytes,
        key: str = "key-1",
        secret: str = SECRET,
        at: datetime | None = None,
        **headers: str | bytes,
    ) -> Any:
        """Send a form submission as the site's server does."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        timestamp = str(int((at or self.clock()).timestamp()))
        signed = {
            "X-Leadmill-Timestamp": timestamp,
            "X-Leadmill-Signature": signature(secret, timestamp, body),
            "Idempotency-Key": key,
        }
        return self.client.post("/webhook/form", content=body, headers=signed | headers)

    def kept(self, stream: str = "events") -> list[dict[str, Any]]:
        """Return what stands in the segments of a stream."""
        return kept(self.folder / stream)


def kept(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of all segments in a folder."""
    return [json.loads(line) for path in sorted(folder.glob("*")) for line in path.read_bytes().splitlines()]


def event(**fields: Any) -> dict[str, Any]:
    """Return an event as a page sends it."""
    return {
        "event_id": str(uuid4()),
        "event_name": "page_view",
        "occurred_at": "2026-11-20T04:05:05.123Z",
        "anonymous_id": "anonymous-1",
        "consent": "granted",
    } | fields


def submission(**fields: Any) -> dict[str, Any]:
    """Return a form submission as a site's server tells it."""
    return {
        "form_id": "contact",
        "submitted_at": "2026-11-20T04:05:00Z",
        "email": "hanako@example.co.jp",
        "fields": {"last_name": "山田", "interest": ["price", "demo"]},
        "anonymous_id": "anonymous-1",
        "page_url": "https://www.example.co.jp/contact?utm_source=mail",
        "consent": "granted",
    } | fields


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end, "it did not come about in ten seconds"
        time.sleep(0.005)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tool() -> Iterator[Tool]:
    with Tool() as tool:
        yield tool


@pytest.fixture
def open_site(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Site]]:
    """Start a collector; starting it again stops the one before, as a restart does."""
    running: list[Site] = []

    def stop() -> None:
        while running:
            site = running.pop()
            site.client.__exit__(None, None, None)
            site.outbox.close()

    def start(**settings: Any) -> Site:
        stop()
        site = Site(Home(path=tmp_path / "home"), clock, settings)
        site.client.__enter__()
        running.append(site)
        return site

    yield start
    stop()


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    return open_site()

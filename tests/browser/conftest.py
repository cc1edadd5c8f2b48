"""A real browser, a site with the tracker in its pages, and the real collector, all on loopback."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from leadmill.settings import Home
from tests.browser.website import SECRET, Website, serving

_CHROMIUM = os.environ.get("LEADMILL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    # The collector turns away what calls itself headless; a page's own user agent would not count as it is left.
    "--user-agent=Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
]
_SECONDS_TO_WAIT = 20


def until(condition: Callable[[], Any]) -> Any:
    """Return what a condition gives as soon as it is true."""
    deadline = time.monotonic() + _SECONDS_TO_WAIT
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


class Collector:
    """`leadmill collector` as its own process, with a source `web` for one site."""

    def __init__(self, folder: Path, site: Website) -> None:
        self.home = Home(path=folder / "home")
        self.sources = folder / "sources.yml"
        source = {"name": "web", "system": "collector"}
        settings = {"allowed_origins": [site.origin], "webhook_secrets": [SECRET]}
        self.sources.write_text(json.dumps({"sources": [source | {"collector": settings}]}))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        site.collector = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = "from leadmill.command_line import main; main()"
        options = ("--home", self.home.path, "--sources", self.sources, "--port", str(self._port))
        self._process = subprocess.Popen([sys.executable, "-c", command, "collector", *options])  # noqa: S603
        until(self._is_healthy)

    def stop(self) -> None:
        """Stop the server; it seals what it holds open."""
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=_SECONDS_TO_WAIT)
            self._process = None

    def events(self, page: str = "", **fields: object) -> list[dict[str, Any]]:
        """Return the events that were kept, in the order of their receipt: those of a page with these fields."""
        files = sorted(self.home.path.glob("collector/web/events/*"), key=lambda path: path.stat().st_mtime)
        found = [json.loads(line) for path in files for line in path.read_text().splitlines()]
        return [event for event in found if page in event["url"] and fields.items() <= event.items()]

    def _is_healthy(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the collector did not start"
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/health") as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not _CHROMIUM:
        pytest.skip("no Chromium on this machine (LEADMILL_CHROMIUM names one)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(chromium: Browser) -> Iterator[Website]:
    with serving() as website:
        yield website


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory, site: Website) -> Iterator[Collector]:
    collector = Collector(tmp_path_factory.mktemp("collector"), site)
    collector.start()
    yield collector
    collector.stop()


@pytest.fixture
def visitor(chromium: Browser, collector: Collector) -> Iterator[BrowserContext]:
    """A browser that has never been here."""
    context = chromium.new_context(viewport={"width": 1000, "height": 600})
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    return visitor.new_page()

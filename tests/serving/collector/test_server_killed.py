"""kill -9 of the real server under load: what it acknowledged is in raw."""

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from leadmill.settings import Home
from tests.ingestion.deliveries import Company
from tests.serving.collector.conftest import ORIGIN, event, wait_until

pytestmark = pytest.mark.faults

KILLS = 3
CLIENTS = 8
WEB = {
    "name": "web",
    "system": "collector",
    "collector": {"allowed_origins": [ORIGIN], "requests_per_minute": 1_000_000},
}
SERVER = "from leadmill.command_line import main; main()"


class Server:
    """`leadmill collector` in a process of its own."""

    def __init__(self, company: Company) -> None:
        where = ["--sources", str(company.folder / "sources.yml"), "--home", str(company.home.path), "--port", "0"]
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", SERVER, "collector", *where], stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr
        told = ""
        for line in self.process.stderr:
            told += line
            if line.startswith("collector web on http://127.0.0.1:"):
                self.port = int(line.rpartition(":")[2])
                return
        raise AssertionError(told)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def company(tmp_path: Path) -> Company:
    folder = tmp_path / "company"
    folder.mkdir()
    company = Company(folder, Home(path=tmp_path / "home"))
    company.sources(WEB)
    return company


def send_until_it_dies(port: int, waiting: list[str], acknowledged: list[str]) -> None:
    """Send events in twos; those that got no answer are sent first by the next server's client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            while len(waiting) < 2:
                waiting.append(str(uuid4()))
            body = json.dumps({"events": [event(event_id=event_id) for event_id in waiting]})
            connection.request("POST", "/collect", body, {"Origin": ORIGIN, "Content-Type": "text/plain"})
            answer = connection.getresponse()
            assert json.loads(answer.read()) == {"accepted": len(waiting), "refused": 0}
            acknowledged.extend(waiting)
            waiting.clear()


def test_no_acknowledged_event_is_lost(company: Company) -> None:
    waiting: list[list[str]] = [[] for _ in range(CLIENTS)]
    acknowledged: list[str] = []
    for kill in range(KILLS):
        server = Server(company)
        before = len(acknowledged)
        clients = [
            threading.Thread(target=send_until_it_dies, args=(server.port, events, acknowledged)) for events in waiting
        ]
        for client in clients:
            client.start()
        wait_until(lambda: len(acknowledged) > before + 100)  # noqa: B023
        time.sleep(0.01 * kill)
        server.kill()
        for client in clients:
            client.join()

    company.run(company.sources(WEB), datetime.now(UTC))

    raw = [str(event_id) for (event_id,) in company.raw("collector__events", "event_id")]
    sent_again = {event_id for events in waiting for event_id in events}
    assert len(acknowledged) == len(set(acknowledged)) > 100 * KILLS
    assert set(acknowledged) <= set(raw) <= set(acknowledged) | sent_again
    # An event comes twice only where its answer was lost; its key tells so.
    assert len(raw) - len(set(raw)) <= 2 * CLIENTS * KILLS
    assert company.query("select count(*) from ops.quarantine") == [(0,)]


def test_a_stopped_server_ends_in_order_and_a_second_one_is_refused(company: Company) -> None:
    server = Server(company)
    with pytest.raises(AssertionError, match=r"a collector of source web is running on .*; stop it first"):
        Server(company)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/collect", json.dumps({"events": [event()]}), {"Content-Type": "text/plain"})
    connection.getresponse().read()

    server.process.send_signal(signal.SIGTERM)
    server.process.communicate()

    assert server.process.returncode == 0
    assert [path.suffix for path in company.home.path.glob("collector/web/events/*")] == [".jsonl"]

"""Alerts reach the chat once, whatever the chat does, and its address never shows."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from filelock import FileLock

import ingestion.warehouse
from leadmill import steps
from leadmill.command_line import main
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import ALERT_WEBHOOK, Home
from serving import alerts
from tests.serving.conftest import AS_OF, published


class Chat:
    """A webhook on this machine: `answers` are given one by one, then 200; `bodies` are what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.bodies: list[dict[str, str]] = []
        self.silent = threading.Event()
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if chat.silent.is_set():
                    chat.silent.wait(0.5)
                    threading.Event().wait(0.5)
                    return
                code, headers = chat.answers.pop(0) if chat.answers else (200, {})
                if code == 200:
                    chat.bodies.append(json.loads(body))
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/SECRET"


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    thread = threading.Thread(target=chat.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield chat
    chat.server.shutdown()
    chat.server.server_close()
    thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose published marts hold two alerts, one of them with a name that would mention everybody."""
    home = Home(path=tmp_path)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.mart_alerts as
            from (
                values
                    ('b', 'warning', 'Lead', 0.6, 'Orders: 17 expected', '受注数：着地見込み 17'),
                    ('a', 'critical', null, null, 'Leads, <!channel> & co: 9', 'リード・<!channel> & co：9')
            ) as alerts (alert_id, severity, owner, miss_probability, message_en, message_ja)
            """
        )
    published(home)
    return home


def no_pause(_: float) -> None:
    """Do not wait."""


def test_each_alert_is_sent_once_and_names_mention_nobody(home: Home, chat: Chat) -> None:
    first = alerts.send(home, chat.url, "ja", no_pause)
    second = alerts.send(home, chat.url, "ja", no_pause)

    assert (first, second) == (2, 0)
    [body] = chat.bodies
    assert body["text"].splitlines() == [
        "Leadmill：未達の見込み",
        "🔴 リード・&lt;!channel&gt; &amp; co：9",
        "🟡 受注数：着地見込み 17 [Lead]",
    ]
    assert [alert.is_sent for alert in alerts.alerts(home)] == [True, True]


def test_ledger_that_a_crash_cut_off_is_read_and_continued(home: Home, chat: Chat) -> None:
    (home.path / alerts.LEDGER).write_text('{"alert_id": "b", "sent_at": "x"}\n{"alert_id": "a", "se', "utf-8")

    count = alerts.send(home, chat.url, "en", no_pause)

    assert count == 1
    assert "Orders" not in chat.bodies[0]["text"]
    assert alerts.send(home, chat.url, "en", no_pause) == 0


def test_busy_and_broken_webhook_is_tried_again(home: Home, chat: Chat) -> None:
    chat.answers = [(429, {"Retry-After": "7"}), (500, {})]
    pauses: list[float] = []

    alerts.send(home, chat.url, "en", pauses.append)

    assert len(chat.bodies) == 1
    assert pauses == [7.0, 2.0]


@pytest.mark.parametrize("wished", ["3600", "soon", "-1"])
def test_retry_after_is_bounded(home: Home, chat: Chat, wished: str) -> None:
    chat.answers = [(429, {"Retry-After": wished})]
    pauses: list[float] = []

    alerts.send(home, chat.url, "en", pauses.append)

    assert 0 <= pauses[0] <= alerts.LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("code", "tries"), [(500, alerts.TRIES), (404, 1), (302, 1)], ids=["broken", "gone", "redirected"]
)
def test_refused_alerts_stay_unsent_and_the_address_is_not_told(home: Home, chat: Chat, code: int, tries: int) -> None:
    chat.answers = [(code, {"Location": "http://127.0.0.1:1/elsewhere"})] * 9

    with pytest.raises(LeadmillError, match=f"it answered {code}") as caught:
        alerts.send(home, chat.url, "en", no_pause)

    assert "SECRET" not in str(caught.value)
    assert len(chat.answers) == 9 - tries
    assert not (home.path / alerts.LEDGER).exists()


def test_silent_webhook_times_out(home: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    chat.silent.set()
    monkeypatch.setattr(alerts, "TIMEOUT_SECONDS", 0.1)

    with pytest.raises(LeadmillError, match="could not be reached") as caught:
        alerts.send(home, chat.url, "en", no_pause)

    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "http://example.com/SECRET", "ftp://127.0.0.1/SECRET", "https:///SECRET", "http://[SECRET", "SECRET"),
        *("https://me:SECRET@example.com/x", "https://example.com/SECRET x", "https://example.com/SECRET\n"),
        *("https://example.com/SECRET\u3042", "https://example.com:SECRET/x", "https://example.com:99999/SECRET"),
        "https://example.com:0/SECRET",
    ],
)
def test_only_https_or_this_machine_is_posted_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALERT_WEBHOOK, url)

    with pytest.raises(InputError) as caught:
        alerts.webhook()

    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("answer", [b"SECRET\r\n\r\n", b"HTTP/1.1 SECRET\r\n\r\n"])
def test_answer_that_is_no_http_is_told_by_its_kind_only(home: Home, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            for _ in range(alerts.TRIES):
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=babble, daemon=True)
        thread.start()

        with pytest.raises(LeadmillError, match=r"can't be talked to \(BadStatusLine\)") as caught:
            alerts.send(home, f"http://127.0.0.1:{server.getsockname()[1]}/SECRET", "en", no_pause)
        thread.join()

    assert "SECRET" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("path", ["SECRET x", "SECRET\u3042"])
def test_address_that_cannot_be_sent_is_a_told_error(home: Home, chat: Chat, path: str) -> None:
    with pytest.raises(LeadmillError, match="can't be talked to") as caught:
        alerts.send(home, f"{chat.url}/{path}", "en", no_pause)

    assert "SECRET" not in str(caught.value)


def test_command_does_not_send_what_is_past_or_while_a_load_runs(
    home: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALERT_WEBHOOK, chat.url)
    arguments = ["alerts", "--home", str(home.path), "--send"]
    monkeypatch.setattr(alerts, "OLDEST_TOLD", timedelta.min)

    past = CliRunner().invoke(main, arguments)
    monkeypatch.setattr(alerts, "OLDEST_TOLD", timedelta.max)
    monkeypatch.setattr(ingestion.warehouse, "_LOCK_SECONDS", 0.1)
    with FileLock(home.path / ".writer.lock"):
        beside = CliRunner().invoke(main, arguments)

    assert past.exit_code == 2
    assert "past date" in past.output
    assert beside.exit_code == 1
    assert "is being written" in beside.output
    assert chat.bodies == []


def test_command_shows_and_sends(home: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALERT_WEBHOOK, chat.url)
    monkeypatch.setattr(alerts, "OLDEST_TOLD", timedelta.max)
    arguments = ["alerts", "--home", str(home.path)]

    shown = CliRunner().invoke(main, arguments)
    sent = CliRunner().invoke(main, [*arguments, "--send"])
    again = CliRunner().invoke(main, [*arguments, "--json"])

    assert shown.stdout.count("(not sent)") == 2
    assert "2 sent." in sent.stdout
    assert [alert["is_sent"] for alert in json.loads(again.stdout)] == [True, True], again.output


def test_nightly_sends_only_where_a_webhook_is_set(home: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALERT_WEBHOOK, raising=False)
    without = list(steps.tonight())
    monkeypatch.setenv(ALERT_WEBHOOK, chat.url)
    night = steps.Night(home, None, AS_OF, AS_OF + timedelta(hours=3))  # type: ignore[arg-type]

    summary = steps.run("send_alerts", night, print)

    assert without == list(steps.STEPS)
    assert list(steps.tonight()) == [*steps.STEPS, "send_alerts"]
    assert summary == "2 new alerts sent"


def test_night_stays_published_when_the_chat_is_down(home: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    chat.answers = [(404, {})]
    monkeypatch.setenv(ALERT_WEBHOOK, chat.url)
    night = steps.Night(home, None, AS_OF, AS_OF)  # type: ignore[arg-type]

    summary = steps.run("send_alerts", night, print)

    assert "not sent" in summary
    assert "SECRET" not in summary


def test_backfill_of_a_past_date_tells_nobody(home: Home, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALERT_WEBHOOK, chat.url)
    night = steps.Night(home, None, AS_OF, AS_OF + timedelta(days=30))  # type: ignore[arg-type]

    steps.run("send_alerts", night, print)

    assert chat.bodies == []

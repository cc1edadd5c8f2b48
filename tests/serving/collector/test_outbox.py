"""From the outbox to other tools: in order, again until it is taken, visible when it is given up."""

import json
import random
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from leadmill.command_line import main
from serving.collector.forwarding import WORKERS, Forwarder
from serving.collector.outbox import KEEP_SECONDS, Entry, Outbox, Remembered
from serving.collector.receivers import Answer, Webhook
from serving.collector.signatures import is_signed
from tests.serving.collector.conftest import TOOL_SECRET, Clock, Site, submission, wait_until
from tests.serving.collector.tool import Reply, Taken, Tool


class Recorder:
    """A receiver that takes, refuses or postpones as `answers` tells for each attempt, and then takes."""

    def __init__(self, *answers: Answer) -> None:
        self.sent: list[str] = []
        self._answers = iter(answers)

    def send(self, submission_id: str, submission: dict[str, Any]) -> Answer:
        """Remember what was sent."""
        assert submission["email"]
        self.sent.append(submission_id)
        return next(self._answers, Answer(True))


BUSY = Answer(False, True, "503")
REFUSED = Answer(False, False, "400")


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Outbox:
    return Outbox(tmp_path / "home" / "collector" / "outbox.sqlite", lambda: clock().timestamp())


def put(outbox: Outbox, submission_id: str, person: str = "hanako", receivers: tuple[str, ...] = ("crm",)) -> None:
    """Put a submission into the outbox."""
    outbox.accept(
        idempotency_key=submission_id,
        remembered=Remembered("hash", submission_id),
        person=person,
        payload=json.dumps({"email": "hanako@example.co.jp"}),
        receivers=receivers,
    )


def drain(outbox: Outbox, receiver: Recorder, **settings: Any) -> None:
    """Deliver all that is due."""
    Forwarder(outbox, {"crm": receiver}, **settings).drain()


def test_submissions_go_to_every_receiver_and_their_content_leaves_the_outbox(outbox: Outbox, tmp_path: Path) -> None:
    receivers = {"crm": Recorder(), "mail": Recorder()}
    put(outbox, "s-1", receivers=("crm", "mail"))
    Forwarder(outbox, receivers).drain()
    outbox.close()

    assert [receiver.sent for receiver in receivers.values()] == [["s-1"], ["s-1"]]
    assert b"hanako@" not in b"".join(path.read_bytes() for path in tmp_path.rglob("outbox.sqlite*"))


def test_a_submission_that_is_sent_again_goes_out_once(outbox: Outbox) -> None:
    receiver = Recorder()
    for _ in range(2):
        put(outbox, "s-1")
        put(outbox, "s-2")
        drain(outbox, receiver)

    assert receiver.sent == ["s-1", "s-2"]


def test_a_persons_later_submission_waits_for_the_earlier_one(outbox: Outbox, clock: Clock) -> None:
    receiver = Recorder(BUSY)
    for submission_id, person in [("h-1", "hanako"), ("h-2", "hanako"), ("t-1", "taro")]:
        put(outbox, submission_id, person)

    drain(outbox, receiver)
    assert sorted(receiver.sent) in (["h-1", "t-1"], ["h-1", "h-2", "t-1"])  # who met the busy answer had to wait
    clock.advance(seconds=1)
    drain(outbox, receiver)

    assert [sent for sent in receiver.sent if sent[0] == "h"][-2:] == ["h-1", "h-2"]
    assert outbox.counts() == {"waiting": 0, "dead": 0}


def test_waits_double_and_heed_the_receiver(outbox: Outbox, clock: Clock) -> None:
    receiver = Recorder(BUSY, BUSY, BUSY._replace(retry_after_seconds=60.0), BUSY._replace(retry_after_seconds=1e9))
    put(outbox, "s-1")
    waits = []
    for _ in range(5):
        drain(outbox, receiver)
        before, attempts = clock(), len(receiver.sent)
        while len(receiver.sent) == attempts and outbox.counts()["waiting"]:
            clock.advance(seconds=1)
            if outbox.due("crm", [], 1):
                break
        waits.append((clock() - before).total_seconds())

    assert waits == [1, 2, 60, 3600, 0]
    assert receiver.sent == ["s-1"] * 5


def test_dead_letters_are_shown_and_go_out_again(outbox: Outbox, tmp_path: Path) -> None:
    put(outbox, "s-1")
    drain(outbox, Recorder(REFUSED))
    home = ["--home", str(tmp_path / "home")]

    shown = CliRunner().invoke(main, ["outbox", *home, "--json"])
    status = CliRunner().invoke(main, ["status", *home])
    revived = CliRunner().invoke(main, ["outbox", *home, "retry"])

    [row] = json.loads(shown.output)
    assert (row["state"], row["receiver"], row["problem"], row["attempts"]) == ("dead", "crm", "400", 1)
    assert "hanako" not in shown.output
    assert "0 waiting, 1 dead letters" in status.output
    assert "1 dead letters go out again" in revived.output
    assert outbox.counts() == {"waiting": 1, "dead": 0}


def test_it_is_given_up_in_the_end(outbox: Outbox) -> None:
    receiver = Recorder(*[BUSY] * 9)
    put(outbox, "s-1")
    put(outbox, "s-2")

    drain(outbox, receiver, first_wait_seconds=0, give_up_after=3)

    assert receiver.sent == ["s-1"] * 3 + ["s-2"] * 3
    assert outbox.counts() == {"waiting": 0, "dead": 2}


def test_a_dead_letter_never_overwrites_a_later_submission(outbox: Outbox) -> None:
    put(outbox, "s-1")
    put(outbox, "s-2")
    receiver = Recorder(REFUSED)
    drain(outbox, receiver)

    assert receiver.sent == ["s-1", "s-2"]
    assert outbox.retry() == (0, 1)


def test_a_dead_letter_revived_while_a_later_one_goes_out_comes_too_late(outbox: Outbox) -> None:
    put(outbox, "s-1")
    put(outbox, "s-2")
    [first] = outbox.due("crm", [], 9)
    outbox.give_up(first, "400")
    [second] = outbox.due("crm", [], 9)
    outbox.retry()

    outbox.delivered(second)

    assert outbox.counts() == {"waiting": 0, "dead": 1}
    assert outbox.unfinished()[0]["problem"] == "overtaken by a later submission"


def test_a_receiver_that_is_no_longer_configured_holds_nobody_up(outbox: Outbox) -> None:
    put(outbox, "s-1", receivers=("gone", "crm"))
    receiver = Recorder()
    drain(outbox, receiver)

    assert receiver.sent == ["s-1"]
    assert [row["receiver"] for row in outbox.unfinished()] == ["gone"]


def test_a_fault_of_a_receiver_stops_no_other(outbox: Outbox) -> None:
    class Broken(Recorder):
        def send(self, submission_id: str, submission: dict[str, Any]) -> Answer:
            super().send(submission_id, submission)
            raise ArithmeticError

    receiver = Recorder()
    put(outbox, "s-1", receivers=("broken", "crm"))
    Forwarder(outbox, {"broken": Broken(), "crm": receiver}).drain()

    assert receiver.sent == ["s-1"]
    assert [(row["receiver"], row["problem"]) for row in outbox.unfinished()] == [("broken", "ArithmeticError")]


def test_a_receiver_that_does_not_answer_holds_up_no_other(outbox: Outbox) -> None:
    answers = threading.Event()

    class Silent(Recorder):
        def send(self, submission_id: str, submission: dict[str, Any]) -> Answer:
            answers.wait(10)
            return super().send(submission_id, submission)

    receiver = Recorder()
    for number in range(2 * WORKERS):
        put(outbox, f"s-{number}", person=f"person-{number}", receivers=("silent",))
    put(outbox, "s-last", person="hanako")
    forwarder = Forwarder(outbox, {"silent": Silent(), "crm": receiver})
    draining = threading.Thread(target=forwarder.drain)
    draining.start()

    wait_until(lambda: receiver.sent == ["s-last"])
    assert not answers.is_set()
    answers.set()
    draining.join(10)
    assert outbox.counts() == {"waiting": 0, "dead": 0}


def test_waking_does_not_wait_for_the_disk(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's loop wakes the forwarder: it must go on while another process holds the outbox."""
    is_looking, goes_on = threading.Event(), threading.Event()

    def due(*_: object) -> list[Entry]:
        is_looking.set()
        goes_on.wait(10)
        return []

    monkeypatch.setattr(outbox, "due", due)
    forwarder = Forwarder(outbox, {"crm": Recorder()})
    running = threading.Thread(target=forwarder.run)
    running.start()
    is_looking.wait(10)
    waking = threading.Thread(target=forwarder.wake)
    waking.start()
    waking.join(1)

    assert not waking.is_alive()
    goes_on.set()
    forwarder.stop()
    running.join(10)
    assert not running.is_alive()


def test_what_waits_is_found_without_reading_what_was_delivered(outbox: Outbox, tmp_path: Path) -> None:
    asked: list[str] = []
    with closing(sqlite3.connect(tmp_path / "home" / "collector" / "outbox.sqlite")) as connection:
        outbox._connection.set_trace_callback(asked.append)
        outbox.due("crm", [], 8)
        plan = connection.execute(f"explain query plan {asked[0]}").fetchone()[3]

    assert "entries_by_state (state=? AND receiver=? AND due_at<?)" in plan


def test_a_full_disk_under_the_outbox_is_told_and_passes(
    open_site: Callable[..., Site], tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(forward=[{"to": "webhook", "url": tool.url, "secret": TOOL_SECRET}])
    for step in ("due", "accept", "delivered", "counts"):
        fails_once(step, monkeypatch)

    assert site.client.get("/health").status_code == 503
    assert site.submit(submission()).status_code == 503
    assert site.submit(submission()).status_code == 202
    wait_until(lambda: site.outbox.counts() == {"waiting": 0, "dead": 0})
    assert {request.headers["Idempotency-Key"] for request in tool.requests} == {
        line["submission_id"] for line in site.kept("form_submissions")
    }
    assert len(tool.requests) == 2  # what was delivered could not be noted, and was delivered again


def fails_once(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next call of an outbox's method fail."""
    works = getattr(Outbox, step)

    def failing(*arguments: Any, **settings: Any) -> None:
        monkeypatch.setattr(Outbox, step, works)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Outbox, step, failing)


def test_keys_are_forgotten_after_a_month(outbox: Outbox, clock: Clock) -> None:
    put(outbox, "s-1")
    assert not outbox.is_replayed("v1=1", "s-1")
    drain(outbox, Recorder())
    clock.advance(seconds=KEEP_SECONDS - 1)
    outbox.prune()
    assert outbox.remembered("s-1")
    assert not outbox.is_replayed("v1=1", "other")  # its time stamp is long out of the window
    clock.advance(seconds=2)

    outbox.prune()

    assert outbox.remembered("s-1") is None


def test_many_people_through_a_flaky_receiver(open_site: Callable[..., Site], tool: Tool) -> None:
    chance = random.Random(7)  # noqa: S311
    taken: dict[str, list[str]] = defaultdict(list)

    def flaky(request: Taken) -> Reply:
        content = request.content
        before = taken[content["email"]]
        if request.headers["Idempotency-Key"] not in before:  # a receiver that knows its keys
            before.append(request.headers["Idempotency-Key"])
        return (200 if chance.random() < 0.5 else 503), {}, {}  # it may have taken it and say that it did not

    tool.reply = flaky
    site = open_site(forward=[{"to": "webhook", "url": tool.url, "secret": TOOL_SECRET}])
    sent: dict[str, list[str]] = defaultdict(list)
    for number in range(60):
        email = f"person-{number % 6}@example.com"
        site.submit(submission(email=email, submission_id=f"s-{number:02}"), key=str(number))
        sent[email].append(f"s-{number:02}")

    wait_until(lambda: site.outbox.counts()["waiting"] == 0)
    assert taken == sent
    assert site.outbox.counts()["dead"] == 0


def test_a_webhook_receiver_can_check_our_signature(site: Site, open_site: Callable[..., Site], tool: Tool) -> None:
    site = open_site(forward=[{"to": "webhook", "url": f"{tool.url}/leads", "secret": TOOL_SECRET}])
    site.submit(submission(submission_id="s-1"))
    wait_until(lambda: site.outbox.counts()["waiting"] == 0)

    [request] = tool.requests
    told = request.headers
    assert (request.path, told["Idempotency-Key"]) == ("/leads", "s-1")
    timestamp = told["X-Leadmill-Timestamp"]
    assert is_signed([TOOL_SECRET], timestamp, told["X-Leadmill-Signature"], request.body, float(timestamp))
    assert request.content["fields"] == {"last_name": "山田", "interest": ["price", "demo"]}


def test_the_collectors_secrets_stand_in_no_text(open_site: Callable[..., Site], tool: Tool) -> None:
    site = open_site(forward=[{"to": "webhook", "url": tool.url, "secret": TOOL_SECRET}])

    told = f"{site.settings!r} {Webhook(site.settings.forward[0])!r}"  # type: ignore[arg-type]

    assert TOOL_SECRET not in told

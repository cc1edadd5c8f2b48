"""kill -9 between any two steps of a submission: one submission, every receiver has it, in order."""

import os
import random
import signal
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ingestion.collector_settings import WebhookReceiver
from leadmill.settings import Home
from serving.collector.forwarding import Forwarder
from serving.collector.outbox import Outbox, Remembered
from serving.collector.receivers import Webhook
from serving.collector.segment_writer import SegmentWriter
from tests.serving.collector.conftest import TOOL_SECRET, Clock, Site, submission, wait_until
from tests.serving.collector.tool import Reply, Taken, Tool

pytestmark = pytest.mark.faults

KILLS = 60
SUBMISSIONS = 300
PEOPLE = 12


def in_child(act: Callable[[], None]) -> int:
    """Run something in a process of its own; return the process's number."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    return child


def die(*_: Any, **__: Any) -> None:
    """Stop as a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)


def after(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a step that dies when it has been done."""

    def done(*arguments: Any, **settings: Any) -> None:
        step(*arguments, **settings)
        die()

    return done


async def after_append(writer: SegmentWriter, stream: str, lines: bytes) -> None:
    """Append, then die."""
    await APPEND(writer, stream, lines)
    die()


APPEND = SegmentWriter.append
STEPS: dict[str, tuple[type, str, Callable[..., Any]]] = {
    "before the line is on the disk": (SegmentWriter, "append", die),
    "after the line is on the disk": (SegmentWriter, "append", after_append),
    "before the outbox has it": (Outbox, "accept", die),
    "after the outbox has it": (Outbox, "accept", after(Outbox.accept)),
    "before it goes out": (Webhook, "send", die),
    "after the receiver has it": (Webhook, "send", after(Webhook.send)),
    "before the outbox knows that": (Outbox, "delivered", die),
    "after the outbox knows that": (Outbox, "delivered", after(Outbox.delivered)),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_and_a_retry_make_one_submission(
    step: str, tmp_path: Path, clock: Clock, tool: Tool
) -> None:
    home = Home(path=tmp_path / "home")
    settings = {"forward": [{"to": "webhook", "url": tool.url, "secret": TOOL_SECRET}]}
    owner, name, fault = STEPS[step]

    def submit_and_die() -> None:
        setattr(owner, name, fault)
        site = Site(home, clock, settings)
        with site.client:
            site.submit(submission())
            time.sleep(10)

    _, status = os.waitpid(in_child(submit_and_die), 0)
    assert os.WTERMSIG(status) == signal.SIGKILL

    site = Site(home, clock, settings)
    with site.client:
        assert site.submit(submission()).status_code == 202  # the sender got no answer
        wait_until(lambda: site.outbox.counts()["waiting"] == 0)

    assert len({line["submission_id"] for line in site.kept("form_submissions")}) == 1
    assert len({request.headers["Idempotency-Key"] for request in tool.requests}) == 1


def test_killed_at_random_moments(tmp_path: Path, tool: Tool) -> None:
    path = tmp_path / "collector" / "outbox.sqlite"
    chance = random.Random(11)  # noqa: S311
    taken: dict[str, list[str]] = defaultdict(list)

    def take(request: Taken) -> Reply:
        time.sleep(0.001)
        person, key = request.content["email"], request.headers["Idempotency-Key"]
        if key not in taken[person]:
            taken[person].append(key)
        return (503 if chance.random() < 0.1 else 200), {}, {}

    tool.reply = take
    sent: dict[str, list[str]] = defaultdict(list)
    for number in range(SUBMISSIONS):
        sent[f"person-{number % PEOPLE}@example.com"].append(f"s-{number:03}")

    def accept_and_deliver() -> None:
        outbox = Outbox(path, time.time)
        forwarder = a_forwarder(outbox, tool)
        threading.Thread(target=forwarder.run, daemon=True).start()
        for number in range(SUBMISSIONS):  # the sender sends all again, from the first on
            accept(outbox, f"person-{number % PEOPLE}@example.com", f"s-{number:03}")
            forwarder.wake()
        time.sleep(10)

    for _ in range(KILLS):
        child = in_child(accept_and_deliver)
        time.sleep(chance.uniform(0.005, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    outbox = Outbox(path, time.time)
    reached = outbox.counts()["waiting"]
    for person, keys in sent.items():
        for key in keys:
            accept(outbox, person, key)
    outbox.retry()
    a_forwarder(outbox, tool).drain()

    assert reached < SUBMISSIONS
    assert taken == sent
    assert outbox.counts() == {"waiting": 0, "dead": 0}
    with sqlite3.connect(path) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]


def a_forwarder(outbox: Outbox, tool: Tool) -> Forwarder:
    """Return a forwarder to the tool that tries again at once."""
    receiver = WebhookReceiver(to="webhook", url=tool.url, secret=SecretStr(TOOL_SECRET))
    return Forwarder(outbox, {"webhook": Webhook(receiver)}, first_wait_seconds=0)


def accept(outbox: Outbox, person: str, key: str) -> None:
    """Accept a submission, as the endpoint does."""
    payload = f'{{"email":"{person}"}}'
    remembered = Remembered("hash", key)
    outbox.accept(idempotency_key=key, remembered=remembered, person=person, payload=payload, receivers=["webhook"])

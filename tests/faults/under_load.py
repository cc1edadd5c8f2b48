"""A collector under load is killed again and again, and so is the landing of what it received."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import threading
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import uuid4

from leadmill.settings import Home
from serving.collector.signatures import signature
from tests.faults import steps
from tests.ingestion.deliveries import Company
from tests.serving.collector.conftest import ORIGIN, SECRET, TOOL_SECRET, event, submission, wait_until
from tests.serving.collector.tool import Reply, Taken, Tool

CLIENTS = 4
PEOPLE = 3
_UNDER_LOAD_SECONDS = 0.4
_LANDING_SECONDS = 0.8


class UnderLoad:
    """Pages and a site's server send to a collector; who gets no answer sends the same again to the next one."""

    def __init__(self, folder: Path, tool: Tool, chance: Random) -> None:
        (folder / "site").mkdir(parents=True)
        self._company = Company(folder / "site", Home(path=folder / "home"))
        self._tool = tool
        self._chance = chance
        self.kills: Counter[str] = Counter()
        self.events_sent: Counter[str] = Counter()
        self.events_accepted: list[str] = []
        self.submissions_accepted: dict[str, list[int]] = defaultdict(list)  # of each person, in order
        self.received: dict[str, dict[str, int]] = defaultdict(dict)  # by the tool: of each person, by key
        self._events_waiting: list[list[str]] = [[] for _ in range(CLIENTS)]
        tool.reply = self._receive
        forward = [{"to": "webhook", "url": tool.url, "secret": TOOL_SECRET}]
        settings = {"allowed_origins": [ORIGIN], "webhook_secrets": [SECRET], "forward": forward}
        limits = {"requests_per_minute": 10**9, "webhooks_per_minute": 10**9}
        self._company.sources({"name": "web", "system": "collector", "collector": settings | limits})

    def _receive(self, request: Taken) -> Reply:
        content = request.content
        if self._chance.random() < 0.05:
            return 503, {}, {}
        self.received[content["email"]].setdefault(request.headers["Idempotency-Key"], content["fields"]["number"])
        return 200, {}, {}

    def kill_one(self, most_kills: int) -> None:
        """Kill a collector under load and, if another kill is left, the landing and loading of what it received."""
        sources = self._company.folder / "sources.yml"
        server, port = steps.serving(self._company.home, sources)
        with self._sending(port):
            time.sleep(self._chance.uniform(0, _UNDER_LOAD_SECONDS))
            assert steps.killed(server)
        self.kills["collector under load, outbox"] += 1
        if most_kills > 1:
            landing = steps.begun("extract_and_load", self._company.home, sources, datetime.now(UTC), ["web"])
            time.sleep(self._chance.uniform(0, _LANDING_SECONDS))
            self.kills["landing of segments"] += steps.killed(landing)

    @contextlib.contextmanager
    def _sending(self, port: int) -> None:  # type: ignore[misc]
        threads = [threading.Thread(target=self._send_events, args=(port, waiting)) for waiting in self._events_waiting]
        threads += [threading.Thread(target=self._send_forms, args=(port, f"{n}@example.com")) for n in range(PEOPLE)]
        for thread in threads:
            thread.start()
        yield
        for thread in threads:
            thread.join()

    def _send_events(self, port: int, waiting: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                while len(waiting) < 2:
                    waiting.append(str(uuid4()))
                body = json.dumps({"events": [event(event_id=event_id) for event_id in waiting]})
                self.events_sent.update(waiting)
                connection.request("POST", "/collect", body, {"Origin": ORIGIN, "Content-Type": "text/plain"})
                answer = connection.getresponse()
                assert json.loads(answer.read()) == {"accepted": 2, "refused": 0}
                self.events_accepted += waiting
                waiting.clear()

    def _send_forms(self, port: int, person: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        accepted = self.submissions_accepted[person]
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                number = len(accepted)
                body = json.dumps(submission(email=person, fields={"number": number})).encode()
                at = str(int(time.time()))
                headers = {"X-Leadmill-Timestamp": at, "X-Leadmill-Signature": signature(SECRET, at, body)}
                connection.request("POST", "/webhook/form", body, headers | {"Idempotency-Key": f"{person}-{number}"})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 202
                accepted.append(number)

    def settle(self) -> None:
        """Let a last collector hand on what waits, and land and load all, undisturbed."""
        sources = self._company.folder / "sources.yml"
        server, _ = steps.serving(self._company.home, sources)
        wait_until(lambda: all(self.is_handed_on(person) for person in list(self.submissions_accepted)))
        os.kill(server.pid or 0, signal.SIGTERM)
        steps.finished(server)
        steps.finished(steps.begun("extract_and_load", self._company.home, sources, datetime.now(UTC), ["web"]))

    def is_handed_on(self, person: str) -> bool:
        """Tell whether the tool has every accepted submission of a person."""
        return set(self.submissions_accepted[person]) <= set(self.received[person].values())

    def losses(self) -> list[str]:
        """Return what is wrong with raw and with what the tool received."""
        raw = Counter(str(event_id) for (event_id,) in self._company.raw("collector__events", "event_id"))
        found = [
            f"{n} rows in the quarantine" for (n,) in self._company.query("select count(*) from ops.quarantine") if n
        ]
        if lost := set(self.events_accepted) - raw.keys():
            found.append(f"{len(lost)} accepted events are not in raw")
        if often := {event_id for event_id, times in raw.items() if times > self.events_sent[event_id]}:
            found.append(f"{len(often)} events are in raw more often than they were sent")
        submissions = self._company.raw("collector__form_submissions", "email, (fields->>'number')::int, submission_id")
        keys: dict[tuple[str, int], set[str]] = defaultdict(set)
        for email, number, submission_id in submissions:
            keys[email, number].add(submission_id)
        for person, accepted in self.submissions_accepted.items():
            numbers = list(self.received[person].values())
            if numbers != sorted(numbers) or len(numbers) != len(set(numbers)):
                found.append(f"the submissions of {person} reached the tool out of order, or as several")
            if not self.is_handed_on(person):
                found.append(f"accepted submissions of {person} have not reached the tool")
            if any(len(keys[person, number]) != 1 for number in accepted):
                found.append(f"accepted submissions of {person} are not one submission each in raw")
        return found

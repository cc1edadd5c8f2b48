"""Deliver what is in the outbox: at once, several people at a time, each person's submissions one after the other."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from serving.collector.outbox import Entry, Outbox
from serving.collector.receivers import Answer, Receiver

GIVE_UP_AFTER = 36  # attempts: about a day
LONGEST_WAIT_SECONDS = 3600.0
WORKERS = 8  # of each receiver: one that does not answer must not hold up the others
_POLL_SECONDS = 1.0
_PRUNE_SECONDS = 600.0

_log = logging.getLogger(__name__)


class Forwarder:
    """Works the outbox off. One process of a data home may run one."""

    def __init__(
        self,
        outbox: Outbox,
        receivers: Mapping[str, Receiver],
        *,
        first_wait_seconds: float = 1.0,
        give_up_after: int = GIVE_UP_AFTER,
        trouble_seconds: float = 10.0,
    ) -> None:
        """Put a forwarder together.

        Args:
            outbox: what is to be delivered.
            receivers: by name.
            first_wait_seconds: before the second attempt; it doubles with each.
            give_up_after: so many attempts.
            trouble_seconds: before the next attempt when the outbox can't be written.
        """
        self._outbox = outbox
        self._receivers = receivers
        self._first_wait_seconds = first_wait_seconds
        self._give_up_after = give_up_after
        self._trouble_seconds = trouble_seconds
        self._busy: set[tuple[str, str]] = set()  # receiver and person of what is just going out
        self._busy_lock = threading.Lock()
        # An event, no lock: the server's loop wakes us, and must not wait while we look into the outbox.
        self._changed = threading.Event()
        self._is_stopping = False

    def wake(self) -> None:
        """Look into the outbox now: something was put into it."""
        self._changed.set()

    def stop(self) -> None:
        """Let `run` end after what is just going out."""
        self._is_stopping = True
        self._changed.set()

    def run(self) -> None:
        """Deliver until `stop` is called."""
        pruned_at = float("-inf")
        with self._workers() as pool:
            while not self._is_stopping:
                self._changed.clear()
                try:
                    if time.monotonic() - pruned_at > _PRUNE_SECONDS:
                        self._outbox.prune()
                        pruned_at = time.monotonic()
                    self._start(pool)
                except sqlite3.Error as error:  # the disk is full: it may have room again
                    _log.error("outbox: %s", error)
                self._changed.wait(_POLL_SECONDS)

    def drain(self) -> None:
        """Deliver until nothing is due."""
        with self._workers() as pool:
            while self._start(pool):
                self._changed.wait(_POLL_SECONDS)
                self._changed.clear()

    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(WORKERS * max(1, len(self._receivers)), thread_name_prefix="outbox")

    def _start(self, pool: ThreadPoolExecutor) -> bool:
        """Start what may go out; return whether anything is on its way, or was when we began to look."""
        with self._busy_lock:
            busy = set(self._busy)
        is_working = bool(busy)
        for receiver in self._receivers:
            people = {person for name, person in busy if name == receiver}
            for entry in self._outbox.due(receiver, people, WORKERS - len(people)):
                with self._busy_lock:
                    self._busy.add((entry.receiver, entry.person))
                pool.submit(self._deliver, entry)
                is_working = True
        return is_working

    def _deliver(self, entry: Entry) -> None:
        try:
            answer = self._receivers[entry.receiver].send(entry.submission_id, json.loads(entry.payload))
        except Exception as error:  # noqa: BLE001 one entry must not stop the others
            _log.error("outbox entry %d: %s", entry.entry_id, type(error).__name__)
            answer = Answer(False, True, type(error).__name__)
        try:
            self._settle(entry, answer)
        except sqlite3.Error as error:
            _log.error("outbox: %s", error)
            time.sleep(self._trouble_seconds)  # it is due as before: not again at once
        with self._busy_lock:
            self._busy.discard((entry.receiver, entry.person))
        self._changed.set()

    def _settle(self, entry: Entry, answer: Answer) -> None:
        if answer.is_taken:
            self._outbox.delivered(entry)
        elif not answer.is_passing or entry.attempts + 1 >= self._give_up_after:
            _log.error("outbox entry %d: %s gave up: %s", entry.entry_id, entry.receiver, answer.problem)
            self._outbox.give_up(entry, str(answer.problem))
        else:
            wait = self._first_wait_seconds * 2.0 ** min(entry.attempts, 30)
            wait = min(LONGEST_WAIT_SECONDS, max(wait, answer.retry_after_seconds or 0.0))
            self._outbox.postpone(entry, wait, str(answer.problem))

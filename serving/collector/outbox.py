"""The outbox: form submissions on their way to other tools, in one SQLite file that survives any crash.

A submission is remembered and put into the outbox in one transaction. An entry leaves it only after its receiver has
taken it; for each receiver a person's entries go out one after the other, in the order in which they came.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from leadmill.settings import Home
from serving.collector.signatures import REPLAY_SECONDS

KEEP_SECONDS = 30 * 86_400.0
_BUSY_SECONDS = 10.0

_TABLES = """
-- Every submission that was accepted: its sender may ask again, and gets the same answer.
create table if not exists submissions (
    idempotency_key text primary key,
    body_hash text not null,
    submission_id text not null,
    received_at real not null
) strict;

-- Signatures of the last minutes: a request that was recorded can't be played again under another key.
create table if not exists signatures (
    signature text primary key,
    idempotency_key text not null,
    received_at real not null
) strict;

-- One row a submission and receiver. The payload, which is personal, goes as soon as it was delivered.
create table if not exists entries (
    entry_id integer primary key autoincrement,
    receiver text not null,
    person text not null,  -- keyed hash of the address: orders the deliveries
    submission_id text not null,
    payload text,
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
    attempts integer not null default 0,
    created_at real not null,
    due_at real not null,
    finished_at real,
    problem text,
    unique (receiver, submission_id)
) strict;

create index if not exists entries_by_person on entries (receiver, person, state, entry_id);
-- What waits is found among a month of what was delivered.
create index if not exists entries_by_state on entries (state, receiver, due_at);
"""


class Entry(NamedTuple):
    """One submission for one receiver."""

    entry_id: int
    receiver: str
    person: str
    submission_id: str
    payload: str
    attempts: int  # before this one


class Remembered(NamedTuple):
    """What is known of a submission that was accepted before."""

    body_hash: str
    submission_id: str


class Outbox:
    """The file. Its methods may be called from any thread; times are Unix seconds."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        """Open the outbox, made anew where there is none."""
        self._clock = clock
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        self._connection.row_factory = sqlite3.Row
        for setting in ("journal_mode = wal", "synchronous = full", "secure_delete = on"):
            self._connection.execute(f"pragma {setting}")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Close the file; what was committed is in it."""
        with self._lock:
            self._connection.close()

    def remembered(self, idempotency_key: str) -> Remembered | None:
        """Return what was accepted under a key."""
        rows = self._rows("select body_hash, submission_id from submissions where idempotency_key = ?", idempotency_key)
        return Remembered(*rows[0]) if rows else None

    def is_replayed(self, signature: str, idempotency_key: str) -> bool:
        """Remember a signature; return whether it has come under another key before."""
        with self._transaction() as execute:
            execute("insert or ignore into signatures values (?, ?, ?)", (signature, idempotency_key, self._clock()))
            rows = execute("select idempotency_key from signatures where signature = ?", (signature,)).fetchall()
        return bool(rows[0]["idempotency_key"] != idempotency_key)

    def accept(
        self,
        *,
        idempotency_key: str,
        remembered: Remembered,
        person: str,
        payload: str,
        receivers: Iterable[str],
    ) -> None:
        """Remember a submission and put it on its way, all or nothing; doing it again changes nothing.

        Args:
            idempotency_key: the sender's.
            remembered: the submission.
            person: whose entries must stay in order.
            payload: what the receivers get, JSON.
            receivers: their names.
        """
        now = self._clock()
        with self._transaction() as execute:
            execute(
                "insert or ignore into submissions values (?, ?, ?, ?)",
                (idempotency_key, remembered.body_hash, remembered.submission_id, now),
            )
            for receiver in receivers:
                execute(
                    """
                    insert or ignore into entries (receiver, person, submission_id, payload, created_at, due_at)
                    values (?, ?, ?, ?, ?, ?)
                    """,
                    (receiver, person, remembered.submission_id, payload, now, now),
                )

    def due(self, receiver: str, busy: Collection[str], most: int) -> list[Entry]:
        """Return entries of a receiver that may go out now: of each person only the first that waits.

        Args:
            receiver: its name.
            busy: people whose entries are just going out to it.
            most: how many to return.
        """
        rows = self._rows(
            """
            select entry_id, receiver, person, submission_id, payload, attempts
            from entries
            where
                state = 'waiting' and receiver = ? and due_at <= ?
                and not exists (
                    select 1
                    from entries as earlier
                    where
                        earlier.receiver = entries.receiver and earlier.person = entries.person
                        and earlier.state = 'waiting' and earlier.entry_id < entries.entry_id
                )
            order by entry_id
            limit ?
            """,
            receiver,
            self._clock(),
            most + len(busy),
        )
        return [Entry(*row) for row in rows if row["person"] not in busy][:most]

    def delivered(self, entry: Entry) -> None:
        """Take out an entry that its receiver has; an older one that was revived meanwhile comes too late."""
        with self._transaction() as execute:
            execute(
                """
                update entries set
                    state = 'delivered', attempts = attempts + 1, finished_at = ?, problem = null, payload = null
                where entry_id = ?
                """,
                (self._clock(), entry.entry_id),
            )
            execute(
                """
                update entries set state = 'dead', finished_at = ?, problem = 'overtaken by a later submission'
                where receiver = ? and person = ? and state = 'waiting' and entry_id < ?
                """,
                (self._clock(), entry.receiver, entry.person, entry.entry_id),
            )

    def postpone(self, entry: Entry, seconds: float, problem: str) -> None:
        """Leave an entry for a later attempt."""
        with self._transaction() as execute:
            execute(
                "update entries set attempts = attempts + 1, due_at = ?, problem = ? where entry_id = ?",
                (self._clock() + seconds, problem, entry.entry_id),
            )

    def give_up(self, entry: Entry, problem: str) -> None:
        """Make an entry a dead letter; the person's next one may go out."""
        with self._transaction() as execute:
            execute(
                """
                update entries set state = 'dead', attempts = attempts + 1, finished_at = ?, problem = ?
                where entry_id = ?
                """,
                (self._clock(), problem, entry.entry_id),
            )

    def retry(self) -> tuple[int, int]:
        """Let dead letters go out again; what is waiting goes out at once.

        Returns:
            How many dead letters go out again, and how many stay because the receiver has a later submission of the
            same person, which the older one must not overwrite.
        """
        with self._transaction() as execute:
            revived = execute(
                """
                update entries set state = 'waiting', attempts = 0, due_at = ?, finished_at = null
                where
                    state = 'dead' and not exists (
                        select 1
                        from entries as later
                        where
                            later.receiver = entries.receiver and later.person = entries.person
                            and later.state = 'delivered' and later.entry_id > entries.entry_id
                    )
                """,
                (self._clock(),),
            ).rowcount
            execute("update entries set due_at = ? where state = 'waiting'", (self._clock(),))
            overtaken = execute("select count(*) from entries where state = 'dead'", ()).fetchone()[0]
        return revived, overtaken

    def counts(self) -> dict[str, int]:
        """Return how many entries wait, and how many are dead letters."""
        [(waiting, dead)] = self._rows(
            """
            select count(*) filter (where state = 'waiting'), count(*) filter (where state = 'dead')
            from entries
            where state in ('waiting', 'dead')
            """
        )
        return {"waiting": waiting, "dead": dead}

    def unfinished(self) -> list[dict[str, Any]]:
        """Return what waits or is dead, without personal data, the oldest first."""
        rows = self._rows(
            """
            select
                entry_id, receiver, submission_id, state, attempts, problem,
                datetime(created_at, 'unixepoch') as created_at,
                case when state = 'waiting' then datetime(due_at, 'unixepoch') end as next_attempt_at
            from entries
            where state <> 'delivered'
            order by entry_id
            """
        )
        return [dict(row) for row in rows]

    def prune(self) -> None:
        """Forget signatures past the replay window, and finished submissions after a month."""
        now = self._clock()
        with self._transaction() as execute:
            # A time stamp may lie ahead as far as behind: a signature is good for twice the window at most.
            execute("delete from signatures where received_at < ?", (now - 2 * REPLAY_SECONDS,))
            execute("delete from submissions where received_at < ?", (now - KEEP_SECONDS,))
            execute("delete from entries where state = 'delivered' and finished_at < ?", (now - KEEP_SECONDS,))

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[Callable[[str, tuple[object, ...]], sqlite3.Cursor]]:
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection.execute
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")


def outbox_path(home: Home) -> Path:
    """Return where the outbox of a data home stands."""
    return home.path / "collector" / "outbox.sqlite"


@contextmanager
def open_outbox(home: Home, clock: Callable[[], float]) -> Iterator[Outbox]:
    """Open the outbox of a data home."""
    with closing(Outbox(outbox_path(home), clock)) as outbox:
        yield outbox

"""Two data homes get the same deliveries night by night; in one of them every step is killed again and again."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from leadmill.settings import Home
from tests.faults import steps
from tests.ingestion.connectors.hubspot_server import HubSpot
from tests.ingestion.deliveries import AS_OF, Company, contact, mapped, page

FILES = ["own", "calls", "exports"]  # sources of files
SOURCES = [*FILES, "live"]
ROWS = 1500
_KILLS_IN_A_ROW = 2
_LATE = 1.3  # a kill may be planned for after the step's usual end, so that the very end is hit too
_TIMES_OF_THE_RUN = {"_loaded_at", "loaded_at", "quarantined_at"}


class Nights:
    """A company whose nights are disturbed in one home, and not in the other."""

    def __init__(self, folder: Path, vendor: HubSpot, chance: Random) -> None:
        self._folder = folder / "company"
        self._folder.mkdir(parents=True)
        self._vendor = vendor
        self._chance = chance
        self._calm = Company(self._folder, Home(path=folder / "calm"))
        self.disturbed = Home(path=folder / "disturbed")
        self._night = 0
        self.kills: Counter[str] = Counter()  # of each step
        self.left: Counter[str] = Counter()  # what kills left half-done

    def _deliver(self) -> None:
        """Have every source deliver something new, and one file anew with other content."""
        night = self._night
        folder = f"{(AS_OF + timedelta(days=night - 1)).date()}"
        for part in range(3):
            lines = (
                f"{night}-{part}-{n},{'soon' if n % 50 == 0 else '2026-01-31'},{n}@example.com\n" for n in range(ROWS)
            )
            self._calm.deliver({f"cards/{folder}/{part}.csv": "id,day,mail\n" + "".join(lines)})
        self._calm.deliver({"cards/latest.csv": f"id,day,mail\nlatest-{night},2026-01-31,\n"})
        pages = (page(*(contact(f"{night}-{at}-{n}", email="x") for n in range(50))) for at in range(20))
        broken = '{"results": [\n'
        self._calm.deliver({f"exports/{folder}/contacts.jsonl.gz": gzip.compress(("".join(pages) + broken).encode())})
        calls = {"kind": ["call"] * ROWS, "at": ["2026-01-31 10:00"] * ROWS, "nr": [str(n) for n in range(ROWS)]}
        (self._folder / "calls" / folder).mkdir(parents=True)
        pq.write_table(pa.table(calls), self._folder / "calls" / folder / "calls.parquet")
        at = (AS_OF + timedelta(days=night - 1, hours=6)).isoformat()
        for number in range(40):
            self._vendor.put("contacts", str(number + 20 * night), at, email=f"{night}@example.com")
            created = int(datetime.fromisoformat(at).timestamp() * 1000) + number
            self._vendor.events.append({"id": f"{night}-{number}", "created": created, "type": "SENT"})

    def _sources(self) -> Path:
        calls = {"activity_type": "kind", "occurred_at": "at", "activity_id": "nr"}
        api = {"url": self._vendor.url, "requests_per_second": 10_000, "token": self._vendor.issue()}
        self._calm.sources(
            mapped("cards/**/*.csv", {"lead_id": "id", "created_at": "day", "email": "mail"}),
            mapped("calls/**/*.parquet", calls, entity="activity", format="parquet") | {"name": "calls"},
            {"name": "exports", "system": "hubspot", "path": "exports"},
            {"name": "live", "system": "hubspot", "api": api | {"streams": ["contacts", "email_events"]}},
        )
        return self._folder / "sources.yml"

    def pass_one(self, most_kills: int) -> None:
        """Let a night pass in both homes.

        Args:
            most_kills: so many at most.
        """
        self._night += 1
        as_of = AS_OF + timedelta(days=self._night)
        self._deliver()
        sources = self._sources()
        left = most_kills
        for step, act, arguments in (
            ("landing of files", "extract", (sources, as_of, FILES)),
            ("live fetch", "extract", (sources, as_of, ["live"])),
            ("loading and ledger", "load", (as_of,)),
        ):
            begin = time.monotonic()
            steps.finished(steps.begun(act, self._calm.home, *arguments))
            usual = time.monotonic() - begin
            left -= self._disturb(step, act, arguments, usual, left)

    def _disturb(self, step: str, act: str, arguments: tuple[object, ...], usual: float, most: int) -> int:
        """Kill a step at random moments until it has come to its end; return how often it was killed."""
        for kills in range(min(most, _KILLS_IN_A_ROW)):
            process = steps.begun(act, self.disturbed, *arguments)
            time.sleep(self._chance.uniform(0, _LATE * usual))
            if not steps.killed(process):
                return kills
            self.kills[step] += 1
            self.left.update(set(self._half_done()))
        steps.finished(steps.begun(act, self.disturbed, *arguments))
        return min(most, _KILLS_IN_A_ROW)

    def _half_done(self) -> Iterator[str]:
        """Yield what stands in the disturbed home that no finished step leaves."""
        if any(self.disturbed.landing.glob("*/*/.partial-*")):
            yield "a half-written extract"
        if self.disturbed.warehouse.with_name(self.disturbed.warehouse.name + ".wal").exists():
            yield "a write-ahead log of the warehouse"
        for manifest in self.disturbed.landing.glob("*/*/[!.]*/manifest.json"):
            found = json.loads(manifest.read_bytes())  # one that can be seen is whole
            assert all((manifest.parent / file["name"]).stat().st_size == file["bytes"] for file in found["files"])

    def differences(self) -> list[str]:
        """Return in which tables the homes differ, but for the time of day; and what kills left in the landing."""
        found = [str(path) for path in self.disturbed.landing.rglob(".partial-*")]
        with duckdb.connect() as connection:
            for name, home in (("calm", self._calm.home), ("disturbed", self.disturbed)):
                connection.execute(f"attach '{home.warehouse}' as {name} (read_only)")
            for schema, table in self._tables(connection):
                columns = connection.execute(f"select * from calm.{schema}.{table} limit 0").description
                named = ", ".join(f'"{name}"' for name, *_ in columns or () if name not in _TIMES_OF_THE_RUN)
                one, other = (f"select {named} from {home}.{schema}.{table}" for home in ("calm", "disturbed"))
                sql = f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))"
                if rows := connection.execute(sql).fetchall()[0][0]:
                    found.append(f"{schema}.{table}: {rows} rows")
        return found

    def rows(self) -> int:
        """Return how many rows stand in raw and in the quarantine of the disturbed home."""
        with duckdb.connect(str(self.disturbed.warehouse), read_only=True) as connection:
            tables = [f"{schema}.{table}" for schema, table in self._tables(connection) if schema == "raw"]
            counts = [f"(select count(*) from {table})" for table in [*tables, "ops.quarantine"]]
            return int(connection.execute(f"select {' + '.join(counts)}").fetchall()[0][0])

    def _tables(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
        return connection.execute(
            "select distinct schema_name, table_name from duckdb_tables()"
            " where schema_name in ('raw', 'ops') order by all"
        ).fetchall()

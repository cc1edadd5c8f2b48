"""How tests run a night: through the command itself, inside the test's process."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
from click.testing import CliRunner, Result

import serving
from leadmill.command_line import main
from leadmill.settings import Home

TOKYO = ZoneInfo("Asia/Tokyo")
# They depend on what was published before, not on the data alone.
OF_THE_RUN = {"mart_run", "mart_restatements"}


class Company(NamedTuple):
    """A simulated company: its exports, and the moment each delivery is complete."""

    folder: Path
    start: date
    days: int
    nights: int

    @property
    def sources(self) -> Path:
        return self.folder / "sources.yml"

    @property
    def as_ofs(self) -> list[str]:
        """The moments to run at: after the history's delivery, then after each night's."""
        end = datetime.combine(self.start + timedelta(days=self.days), datetime.min.time(), TOKYO)
        return [(end - timedelta(days=n)).isoformat() for n in range(self.nights, -1, -1)]


def leadmill(*arguments: str | Path) -> Result:
    """Run the command; standard output and error stay apart in the result."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run_night(home: Path, sources: Path, as_of: str, *, expect: int = 0) -> Result:
    """Run one night and check its exit code."""
    result = leadmill("nightly", "--home", home, "--sources", sources, "--as-of", as_of)
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def content_hashes(home: Path) -> dict[str, str]:
    """Return the content hash of every published table; those that tell of the runs themselves are left out."""
    manifest = json.loads((Home(path=home).published / "current" / "manifest.json").read_text())
    return {name: table["content_hash"] for name, table in manifest["tables"].items() if name not in OF_THE_RUN}


def query(home: Path, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Return rows of the published marts."""
    with serving.open_marts(Home(path=home)) as connection:
        return connection.execute(sql, parameters or None).fetchall()


def query_warehouse(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return rows of the warehouse."""
    with duckdb.connect(str(Home(path=home).warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()

"""Killed processes, full disks and second writers: nothing half-landed, nothing half-loaded, nothing twice."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

import ingestion
from ingestion import landing, loading
from ingestion.copying import Copying
from ingestion.records import Records
from leadmill.errors import LeadmillError
from tests.ingestion.deliveries import AS_OF, CARDS, Company

pytestmark = pytest.mark.faults

ROWS = 20_000
FILES = 6
KILLS = 4

BEGIN = f"""
import ingestion, sys
from datetime import datetime
from pathlib import Path
from leadmill.settings import Home
home, sources = Home(path=Path(sys.argv[1])), ingestion.read_sources(Path(sys.argv[2]))
as_of = datetime.fromisoformat({AS_OF.isoformat()!r})
print("ready", flush=True)
"""
STEPS = {
    "extract": BEGIN + 'ingestion.extract(sources, "own", home, as_of, print)',
    "load": BEGIN + "ingestion.load(home, as_of, print)",
    "hold": BEGIN + "import time\nwith ingestion.writer_lock(home): print('held', flush=True); time.sleep(60)",
    "read": BEGIN
    + "import time, duckdb; held = duckdb.connect(str(home.warehouse), read_only=True)\n"
    + "print('held', flush=True); time.sleep(60)",
    "small": "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
    + BEGIN
    + "ingestion.load(home, as_of, print)",
}


def start(company: Company, step: str) -> subprocess.Popen[str]:
    """Start a step in a process of its own and wait until its imports are done."""
    arguments = [sys.executable, "-c", STEPS[step], str(company.home.path), str(company.folder / "sources.yml")]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def kill_after(company: Company, step: str, seconds: float) -> None:
    """Kill a step in the middle of its work."""
    process = start(company, step)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.fixture
def sources(company: Company) -> ingestion.Sources:
    """A source of several files of many rows; every hundredth row is broken."""
    for file in range(FILES):
        rows = (f"{file}-{n},{'soon' if n % 100 == 0 else '2026-01-31'},a@example.com\n" for n in range(ROWS))
        company.deliver({f"cards/2026-10-{file + 10}/a.csv": "id,day,mail\n" + "".join(rows)})
    return company.sources(CARDS)


def check_whole(company: Company, sources: ingestion.Sources) -> None:
    """Run to the end, and find every row once."""
    company.run(sources)
    files = company.query("select rows_in, rows_loaded, rows_quarantined from ops.files")
    assert files == [(ROWS, ROWS * 99 // 100, ROWS // 100)] * FILES
    assert company.query("select count(*), count(distinct lead_id) from raw.files__lead") == [
        (ROWS * FILES * 99 // 100,) * 2
    ]
    assert company.query("select count(*) from ops.quarantine") == [(ROWS * FILES // 100,)]


def test_killed_extract(company: Company, sources: ingestion.Sources) -> None:
    for kill in range(KILLS):
        kill_after(company, "extract", 0.02 * kill)
        for manifest in company.home.landing.glob("own/lead/[!.]*/manifest.json"):
            told = json.loads(manifest.read_text())["files"]
            assert all((manifest.parent / file["name"]).stat().st_size == file["bytes"] for file in told)

    check_whole(company, sources)

    assert not list(company.home.landing.glob("own/*/.partial-*"))


def test_killed_load(company: Company, sources: ingestion.Sources) -> None:
    ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)
    for kill in range(KILLS):
        kill_after(company, "load", 0.06 * kill)
        if company.home.warehouse.exists():
            with duckdb.connect(str(company.home.warehouse)) as connection:
                tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
                if "files" in tables:
                    counts = connection.execute(
                        "select (select count(*) from raw.files__lead), (select sum(rows_loaded) from ops.files)"
                    ).fetchall()
                    assert counts[0][0] == (counts[0][1] or 0)

    check_whole(company, sources)


@pytest.mark.parametrize("call", ["fsync", "write"])
def test_full_disk_while_landing(
    company: Company, sources: ingestion.Sources, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync") if call == "fsync" else (Copying, "_write")), fail)
        with pytest.raises(LeadmillError, match=r"disk is full below .*landing: free space and run again") as raised:
            ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)

    assert raised.value.exit_code == 1
    assert company.landed() == []
    check_whole(company, sources)


def test_full_disk_while_loading(company: Company, sources: ingestion.Sources) -> None:
    ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)

    process = start(company, "small")  # a limit on the size of files stands for the full disk
    _, errors = process.communicate()

    assert process.returncode == 1
    assert "LeadmillError" in errors
    assert "a@example.com" not in errors
    check_whole(company, sources)


def test_second_writer_is_told_who_writes(company: Company, sources: ingestion.Sources) -> None:
    ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)
    process = start(company, "hold")
    try:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LeadmillError, match=rf"being written by process {process.pid} \(since 20.*\)") as raised:
            ingestion.load(company.home, AS_OF, lambda _: None)
        assert raised.value.exit_code == 1
    finally:
        process.kill()
        process.communicate()

    check_whole(company, sources)  # a lock dies with its process


def test_open_warehouse_is_told(company: Company, sources: ingestion.Sources) -> None:
    check_whole(company, sources)
    process = start(company, "read")
    try:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LeadmillError, match="open in another process"):
            ingestion.load(company.home, AS_OF, lambda _: None)
    finally:
        process.kill()
        process.communicate()


def test_writer_lock_may_be_taken_again_by_its_process(company: Company) -> None:
    holder = company.home.path / ".writer.json"
    with ingestion.writer_lock(company.home):
        with ingestion.writer_lock(company.home):
            assert json.loads(holder.read_text())["pid"] == os.getpid()
        assert holder.exists()
    assert not holder.exists()


def test_missing_rows_roll_the_batch_back(company: Company) -> None:
    company.deliver({"cards/a.csv": "id,day,mail\n1,2026-01-31,a@example.com\n"})
    sources = company.sources(CARDS)
    ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)
    manifest = next(company.home.landing.rglob("manifest.json"))
    whole = manifest.read_text()
    manifest.write_text(whole.replace('"rows": 1', '"rows": 2'))

    with pytest.raises(LeadmillError, match=r"cards/a\.csv: 2 rows came in, but 1 were loaded and 0 quarantined"):
        ingestion.load(company.home, AS_OF, lambda _: None)

    assert company.raw("files__lead") == []
    assert company.query("select * from ops.files") == []
    manifest.write_text(whole)
    assert company.run(sources).rows_loaded == 1


def test_a_values_text_never_stands_in_an_error(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.deliver({"cards/a.csv": "id,day,mail\n\nsecret@example.com,2026-01-31,x\n"})

    monkeypatch.setattr(loading, "records_of", _wrapped(loading.records_of))

    with pytest.raises(LeadmillError, match="could not be loaded; rolled back: ConversionException") as raised:
        company.run(company.sources(CARDS))

    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__


def _wrapped(records_of: Callable[..., Records]) -> Callable[..., Records]:
    def failing(*arguments: Any) -> Records:
        records = records_of(*arguments)
        return records._replace(sql=f"select * from ({records.sql}) where cast(record as integer) > 0")

    return failing


def test_extract_of_one_source_by_two_processes(company: Company, sources: ingestion.Sources) -> None:
    with (
        landing.extracting(company.home, "own"),
        pytest.raises(LeadmillError, match="own is being extracted by another process"),
    ):
        ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)

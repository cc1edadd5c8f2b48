"""A file that is delivered again replaces what it said before, in whatever order contents come."""

from datetime import datetime
from pathlib import Path

import pytest

from ingestion import extract, load, read_sources
from leadmill import steps
from leadmill.errors import LeadmillError
from leadmill.settings import Home
from tests.nights import TOKYO, leadmill, query, query_warehouse, run_night

SOURCES = """
sources:
  - name: book
    system: files
    streams:
      - {entity: cost, path: "in/*/cost.csv", format: csv, columns: {occurred_on: day, amount: amount}}
      - {entity: lead, path: "in/*/lead.csv", format: csv, columns: {lead_id: id, created_at: at, status: status}}
"""
AS_OF = "2026-10-10"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A company whose one dated folder can be written again, in a place whose name looks like a glob."""
    place = tmp_path / "[c]"
    (place / "in" / "2026-10-01").mkdir(parents=True)
    (place / "sources.yml").write_text(SOURCES)
    return place


def _deliver(folder: Path, cost: str, lead: str) -> None:
    night = folder / "in" / "2026-10-01"
    (night / "cost.csv").write_text(f"day,amount\n{cost}")
    (night / "lead.csv").write_text(f"id,at,status\n{lead}")


def test_the_last_delivery_of_a_file_counts_whole(folder: Path) -> None:
    home = folder / "home"
    _deliver(folder, "2026-09-30,100\n2026-09-30,50\n", "A,2026-09-30,Open\nB,2026-09-30,Open\n")
    run_night(home, folder / "sources.yml", AS_OF)

    _deliver(folder, "2026-09-30,70\n", "B,2026-09-30,Recycled\nA,2026-09-30,Recycled\n")
    run_night(home, folder / "sources.yml", AS_OF)

    assert query(home, "select sum(amount) from marts.fct_costs") == [(70,)]
    assert query_warehouse(home, "select distinct status from staging.stg_files__leads") == [("Recycled",)]


def test_a_file_that_returns_to_a_former_content_is_delivered_anew(folder: Path) -> None:
    home, sources = Home(path=folder / "home"), read_sources(folder / "sources.yml")
    as_of = datetime(2026, 10, 10, tzinfo=TOKYO)
    for status in ("Open", "Closed", "Open"):
        _deliver(folder, "2026-09-30,1\n", f"A,2026-09-30,{status}\n")
        extract(sources, "book", home, as_of, print)
        load(home, as_of, print)

    loads = query_warehouse(home.path, "select status from raw.files__lead order by _loaded_at")

    assert loads == [("Open",), ("Closed",), ("Open",)]


def test_a_night_that_another_night_came_between_publishes_nothing(folder: Path) -> None:
    home = folder / "home"
    _deliver(folder, "2026-09-30,1\n", "A,2026-09-30,Open\n")
    run_night(home, folder / "sources.yml", AS_OF)
    other = datetime(2026, 10, 9, tzinfo=TOKYO)
    night = steps.Night(Home(path=home), read_sources(folder / "sources.yml"), other, other)

    with pytest.raises(LeadmillError, match="another run came between"):
        steps.run("publish", night, print)

    assert query(home, "select count(*) from marts.mart_run") == [(1,)]
    assert leadmill("versions", "--home", home, "--json").stdout.count("version") == 1

"""`leadmill backfill`: some days of one source come again, and nothing else is touched."""

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

import ingestion
from leadmill.command_line import main
from tests.ingestion.deliveries import AS_OF, CARDS, HUBSPOT, Company, contact, page

HEADER = "id,day,mail\n"


def backfill(company: Company, source: str, first: str, last: str) -> Result:
    """Run the command."""
    places = ["--sources", str(company.folder / "sources.yml"), "--home", str(company.home.path)]
    return CliRunner().invoke(main, ["backfill", source, "--from", first, "--to", last, *places])


def contents(company: Company, source: str) -> dict[str, bytes]:
    """Return every file in the landing of a source."""
    return {path: (company.home.landing / path).read_bytes() for path in company.landed() if path.startswith(source)}


def untouched(company: Company) -> tuple[Any, ...]:
    """Return all that the warehouse and the landing have of the other source."""
    ledger = company.query("select * from ops.files where source = 'hubspot' order by all")
    return company.raw("hubspot__contacts"), ledger, contents(company, "hubspot/")


def test_files_of_some_days_are_read_again(company: Company) -> None:
    company.deliver({f"cards/2026-10-{day}/a.csv": f"{HEADER}{day},2026-10-01,a@example.com\n" for day in (20, 21, 22)})
    company.deliver({"cards/a.csv": f"{HEADER}0,2026-10-01,a@example.com\n"})
    company.deliver({"hubspot/contacts.jsonl": page(contact("1"))})
    company.run(company.sources(CARDS, HUBSPOT))
    before = untouched(company)
    company.deliver({"hubspot/contacts.jsonl": page(contact("2"))})
    company.deliver({"cards/2026-10-21/a.csv": f"{HEADER}21b,2026-10-01,a@example.com\n"})
    company.deliver({"cards/2026-10-23/a.csv": f"{HEADER}23,2026-10-01,a@example.com\n"})

    result = backfill(company, "own", "2026-10-21", "2026-10-22")

    assert result.exit_code == 0, result.output
    assert "own: 2 new file(s), 2 rows landed; 2 file(s), 2 rows loaded. Next: leadmill nightly" in result.output
    assert sorted(company.raw("files__lead", "lead_id")) == [("0",), ("20",), ("21",), ("21b",), ("22",), ("22",)]
    assert untouched(company) == before


def test_the_warehouse_is_free_while_a_source_is_asked(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.deliver({"cards/2026-10-20/a.csv": f"{HEADER}1,2026-10-01,a@example.com\n"})
    company.run(company.sources(CARDS))
    is_taken: list[bool] = []
    asked = ingestion.backfill

    def asking(*arguments: Any) -> ingestion.ExtractResult:
        is_taken.append((company.home.path / ".writer.json").exists())
        return asked(*arguments)

    monkeypatch.setattr(ingestion, "backfill", asking)

    result = backfill(company, "own", "2026-10-20", "2026-10-20")

    assert (result.exit_code, is_taken) == (0, [False])


def test_what_another_source_has_landed_waits_for_its_night(company: Company) -> None:
    company.deliver({"cards/2026-10-20/a.csv": f"{HEADER}1,2026-10-01,a@example.com\n"})
    sources = company.sources(CARDS, HUBSPOT)
    company.run(company.sources(CARDS))
    company.sources(CARDS, HUBSPOT)
    company.deliver({"hubspot/contacts.jsonl": page(contact("1"))})
    ingestion.extract(sources, "hubspot", company.home, AS_OF - timedelta(days=1), lambda _: None)

    backfill(company, "own", "2026-10-20", "2026-10-20")

    assert company.raw("hubspot__contacts") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("own", "2026-10-22", "2026-10-21"), "no days from 2026-10-22 to 2026-10-21 that have begun"),
        (("own", "2999-01-01", "2999-01-02"), "no days from 2999-01-01 to 2999-01-02 that have begun"),
        (("one", "2026-10-21", "2026-10-22"), "no source 'one' in the sources file; it has: own"),
    ],
)
def test_wrong_days_and_sources_are_told(company: Company, arguments: tuple[str, str, str], message: str) -> None:
    company.deliver({"cards/a.csv": HEADER})
    company.sources(CARDS)

    result = backfill(company, *arguments)

    assert (result.exit_code, message in result.output) == (2, True)

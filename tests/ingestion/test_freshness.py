"""How old what is known of each source is."""

from datetime import datetime

import ingestion
from ingestion.contract import systems
from ingestion.sources_file import Sources
from ingestion.warehouse import connect
from tests.ingestion.deliveries import AS_OF, Company

CARDS = {
    "name": "own",
    "system": "files",
    "freshness_hours": 24,
    "streams": [
        {
            "entity": "lead",
            "path": "cards/**/*.csv",
            "format": "csv",
            "timezone": "UTC",
            "columns": {"lead_id": "id", "created_at": "at"},
        }
    ],
}


def freshness(company: Company, sources: Sources, as_of: datetime = AS_OF) -> list[dict[str, object]]:
    company.run(sources, as_of)
    ingestion.note_freshness(company.home, sources, as_of)
    return ingestion.freshness(company.home)


def test_nothing_is_told_before_the_first_run(company: Company) -> None:
    assert ingestion.freshness(company.home) == []


def test_the_last_delivery_and_the_newest_record_are_told(company: Company) -> None:
    company.deliver(
        {
            "cards/2026-10-25/a.csv": "id,at\n1,2026-10-24 10:00:00\n",
            "cards/2026-10-26/a.csv": "id,at\n1,2026-10-20 10:00:00\n2,x\n3,2099-01-01 00:00:00\n",
        }
    )

    [found] = freshness(company, company.sources(CARDS))

    assert (found["source"], found["stream"]) == ("own", "lead")
    assert str(found["last_delivered_at"]) == "2026-10-26 15:00:00"
    assert str(found["last_record_at"]) == "2026-10-24 10:00:00"  # a record of the future is a plan or a wrong clock
    assert (found["files"], found["rows_loaded"], found["rows_quarantined"]) == (2, 3, 1)


def test_a_source_is_late_when_it_has_delivered_nothing_for_its_hours(company: Company) -> None:
    company.deliver({"cards/2026-10-30/a.csv": "id,at\n1,2026-10-24 10:00:00\n"})
    sources = company.sources(CARDS)

    [in_time] = freshness(company, sources, datetime.fromisoformat("2026-11-01T00:00:00+09:00"))
    [late] = freshness(company, sources, datetime.fromisoformat("2026-11-01T00:00:01+09:00"))

    assert (in_time["lag_hours"], in_time["is_late"]) == (24, False)
    assert late["is_late"]


def test_a_source_that_never_delivered_is_late(company: Company) -> None:
    company.deliver({"cards/2026-11-02/a.csv": "id,at\n1,2026-10-24 10:00:00\n"})  # after as_of

    [found] = freshness(company, company.sources(CARDS))

    assert (found["source"], found["stream"], found["last_delivered_at"], found["is_late"]) == ("own", None, None, True)


def test_every_time_column_stands_in_its_contract() -> None:
    streams = [stream for system in systems().values() for stream in system.streams.values()]

    assert all(stream.time_column in stream.columns for stream in streams if stream.time_column)
    assert not [stream for stream in streams if stream.time_column and stream.version_column]


def test_a_warehouse_of_an_older_version_tells_nothing(company: Company) -> None:
    company.deliver({"cards/2026-10-30/a.csv": "id,at\n1,2026-10-24 10:00:00\n"})
    company.run(company.sources(CARDS))
    with connect(company.home) as connection:
        connection.execute("drop table ops.source_freshness; drop table ops.schema_changes")

    assert (ingestion.freshness(company.home), ingestion.schema_changes(company.home)) == ([], [])

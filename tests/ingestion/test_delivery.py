"""Each content of a file is landed and loaded once, at the time at which it was delivered."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

import ingestion
from ingestion import landing
from ingestion.delivery import deliveries
from leadmill.errors import InputError
from tests.ingestion.deliveries import AS_OF, CARDS, HUBSPOT, Company, contact, mapped, page, utc

HEADER = "id,day,mail\n"
ROW = "1,2026-01-31,a@example.com\n"


def test_nothing_is_loaded_twice(company: Company) -> None:
    company.deliver({"cards/a.csv": HEADER + ROW})
    sources = company.sources(CARDS)

    results = [company.run(sources, AS_OF + timedelta(days=day)) for day in range(3)]

    assert [result.rows_loaded for result in results] == [1, 0, 0]
    assert len(company.raw("files__lead")) == 1
    assert str(results[1]) == "0 file(s), 0 rows loaded"


def test_a_file_that_is_found_twice_is_loaded_once(company: Company) -> None:
    company.deliver({"cards/a/x/a/y.csv": HEADER + ROW})
    source = mapped("**/a/**/*.csv", {"lead_id": "id", "created_at": "day"})
    source["streams"].append(source["streams"][0] | {"path": "cards/**/y.csv"})

    company.run(company.sources(source))

    assert company.raw("files__lead", "lead_id") == [("1",)]


def test_a_changed_file_is_a_new_delivery(company: Company) -> None:
    sources = company.sources(CARDS)
    company.deliver({"cards/a.csv": HEADER + ROW})
    company.run(sources)
    company.deliver({"cards/a.csv": HEADER + ROW + "2,2026-01-31,b@example.com\n"})

    company.run(sources, AS_OF + timedelta(days=1))

    assert company.raw("files__lead", "lead_id, _delivered_at - timestamp '2026-10-31 15:00'") == [
        ("1", timedelta(0)),
        ("1", timedelta(days=1)),
        ("2", timedelta(days=1)),
    ]


def test_two_deliveries_of_one_path_waiting_together(company: Company) -> None:
    sources = company.sources(CARDS)
    for rows in (1, 2):
        company.deliver({"cards/2026-10-25/a.csv": HEADER + ROW * rows})
        ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)

    ingestion.load(company.home, AS_OF, lambda _: None)

    assert sorted(company.query("select rows_in, rows_loaded from ops.files")) == [(1, 1), (2, 2)]


def test_a_changed_mapping_reads_the_file_anew(company: Company) -> None:
    company.deliver({"cards/a.csv": HEADER + ROW})
    company.run(company.sources(CARDS))

    company.run(company.sources(mapped("cards/**/*.csv", {"lead_id": "mail", "created_at": "day"})))

    assert company.raw("files__lead", "lead_id") == [("1",), ("a@example.com",)]
    assert company.query("select count(distinct sha256) from ops.files") == [(2,)]


def test_what_is_delivered_after_as_of_waits(company: Company) -> None:
    nights = [f"cards/2026-10-{day}/a.csv" for day in (24, 25, 26)]
    company.deliver(dict.fromkeys(nights, HEADER + ROW))
    sources = company.sources(CARDS, business_timezone="Asia/Tokyo")

    company.run(sources, datetime(2026, 10, 25, 15, tzinfo=UTC))
    assert [row for (row,) in company.raw("files__lead", "_file")] == nights[:2]

    company.run(sources, datetime(2026, 10, 26, 14, 59, tzinfo=UTC))
    assert len(company.raw("files__lead")) == 2

    company.run(sources, datetime(2026, 10, 26, 15, tzinfo=UTC))
    assert [row for (row,) in company.raw("files__lead", "_file")] == nights


def test_a_folder_that_only_looks_like_a_date(company: Company) -> None:
    company.deliver({"cards/2026-99-99/a.csv": HEADER + ROW})

    company.run(company.sources(CARDS))

    assert company.raw("files__lead", "_delivered_at") == [(utc(2026, 10, 31, 15),)]


def test_a_file_belongs_to_the_stream_with_the_most_exact_pattern(company: Company) -> None:
    names = [
        "contacts_1.jsonl.gz",
        "forms.jsonl",
        "form_submissions/forms.jsonl",
        "deep/2026-10-25/lists.jsonl",
        "notes.txt",
    ]
    company.deliver({f"hubspot/{name}": "" for name in names})
    sources = company.sources(HUBSPOT)

    found = deliveries(sources, sources.sources[0], AS_OF)

    assert {found.relative: found.reading.stream for found in found} == {
        "contacts_1.jsonl.gz": "contacts",
        "forms.jsonl": "forms",
        "form_submissions/forms.jsonl": "form_submissions",
        "deep/2026-10-25/lists.jsonl": "lists",
    }


def test_the_manifest_tells_what_was_landed(company: Company) -> None:
    company.deliver({"hubspot/2026-10-25/contacts.jsonl": page(contact("1"))})

    result = ingestion.extract(company.sources(HUBSPOT), "hubspot", company.home, AS_OF, lambda _: None)

    assert str(result) == "hubspot: 1 new file(s), 1 rows landed"
    copy, manifest = company.landed()
    assert PurePosixPath(copy).parts[:2] == ("hubspot", "contacts")
    told = json.loads((company.home.landing / manifest).read_text())
    assert (told["source"], told["rows"], told["reading"]["stream"]) == ("hubspot", 1, "contacts")
    assert told["files"][0]["path"] == "2026-10-25/contacts.jsonl"
    assert told["files"][0]["bytes"] == len(page(contact("1")))
    assert told["files"][0]["delivered_at"] == "2026-10-25T15:00:00Z"


def test_new_folders_are_on_the_disk_before_a_source_may_forget(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.deliver({"cards/a.csv": HEADER + ROW})
    flushed: list[Path] = []
    monkeypatch.setattr(landing, "flush", flushed.append)

    company.run(company.sources(CARDS))

    assert flushed[-3:] == [company.home.landing / "own" / "lead", company.home.landing / "own", company.home.landing]


def test_progress_and_silence(company: Company) -> None:
    told: list[str] = []
    (company.folder / "hubspot").mkdir()
    sources = company.sources(HUBSPOT)
    ingestion.extract(sources, "hubspot", company.home, AS_OF, told.append)
    assert "no file was delivered" in told[0]

    company.deliver({"hubspot/contacts.jsonl": page(contact("1", email="secret@example.com"))})
    ingestion.extract(sources, "hubspot", company.home, AS_OF, told.append)
    ingestion.load(company.home, AS_OF, told.append)

    assert told[1:] == ["contacts: 1 new file(s), 1 rows", "hubspot contacts: 1 file(s), 1 rows loaded"]


@pytest.mark.parametrize("source", [HUBSPOT, CARDS])
def test_a_missing_folder_is_bad_input(company: Company, source: dict[str, object]) -> None:
    sources = company.sources(source)

    with pytest.raises(InputError, match=r"no such folder .*mend `path`"):
        ingestion.extract(sources, str(source["name"]), company.home, AS_OF, lambda _: None)


def test_an_unknown_source_is_bad_input(company: Company) -> None:
    with pytest.raises(InputError, match="no source 'crm' in the sources file; it has: hubspot"):
        ingestion.extract(company.sources(HUBSPOT), "crm", company.home, AS_OF, lambda _: None)


def test_many_small_files_are_read_together(company: Company, tmp_path: Path) -> None:
    files = {f"hubspot/form_submissions/f{n}.jsonl": page({"submittedAt": n, "values": []}) for n in range(300)}
    company.deliver(files)
    told: list[str] = []
    sources = company.sources(HUBSPOT)
    ingestion.extract(sources, "hubspot", company.home, AS_OF, told.append)

    ingestion.load(company.home, AS_OF, told.append)

    assert told[-1] == "hubspot form_submissions: 300 file(s), 300 rows loaded"
    rows = company.raw("hubspot__form_submissions", "formGuid, epoch_ms(submittedAt), _row_number")
    assert sorted(rows) == sorted((f"f{n}", n, 1) for n in range(300))

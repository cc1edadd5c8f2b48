"""Who was erased stays out: of the same files, of others, of a warehouse that is built anew; until they come back."""

import hmac
import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

import ingestion
from ingestion import segments
from ingestion.erasure import requests, search
from leadmill.errors import InputError, LeadmillError
from serving.collector.outbox import Remembered, open_outbox, outbox_path
from tests.ingestion.deliveries import AS_OF, HUBSPOT, Company, contact, page
from tests.ingestion.erasure.test_formats import AT, GONE, erase

LATER = AS_OF + timedelta(days=1)


@pytest.fixture
def sources(company: Company) -> ingestion.Sources:
    """A home that has forgotten one of two contacts."""
    company.deliver({"hubspot/contacts.jsonl": page(contact("151", email=GONE), contact("152", email="b@x.jp"))})
    sources = company.sources(HUBSPOT)
    company.run(sources)
    erase(company)
    return sources


def contacts(company: Company) -> list[tuple[object, ...]]:
    return company.raw("hubspot__contacts", "id, email")


def test_same_file_is_not_delivered_again(company: Company, sources: ingestion.Sources) -> None:
    landed = company.landed()

    company.run(sources, LATER)

    assert company.landed() == landed
    assert contacts(company) == [("152", "b@x.jp")]


def test_other_files_land_without_the_person(company: Company, sources: ingestion.Sources) -> None:
    # By address in another form, by the record's id alone, and in a text.
    rows = page(contact("9", email=f" {GONE.upper()} "), contact("151", email="other@x.jp"), contact("153"))
    company.deliver(
        {"hubspot/2026-11-01/contacts.jsonl": rows, "hubspot/list_memberships/7.jsonl": page({"recordId": "151"})}
    )

    company.run(sources, LATER)

    assert contacts(company) == [("152", "b@x.jp"), ("153", None)]
    assert company.raw("hubspot__list_memberships") == []
    assert company.query("select sum(rows_in), sum(rows_loaded), sum(rows_erased) from ops.files") == [(6, 2, 4)]
    assert search.search(company.home, {GONE}).found == {}


def test_a_warehouse_built_anew_from_landing_is_the_same(company: Company, sources: ingestion.Sources) -> None:
    before = company.raw("hubspot__contacts", "* exclude (_loaded_at)")
    company.home.warehouse.unlink()

    company.run(sources)

    assert company.raw("hubspot__contacts", "* exclude (_loaded_at)") == before


def test_person_who_comes_back(company: Company, sources: ingestion.Sources) -> None:
    requests.allow(company.home, GONE.lower(), AT)
    company.deliver({"hubspot/2026-11-01/contacts.jsonl": page(contact("151", email=GONE))})

    company.run(sources, LATER)

    assert contacts(company) == [("152", "b@x.jp"), ("151", GONE)]


def test_who_was_erased_in_the_same_command_stays_out(company: Company) -> None:
    rows = page(contact("151", email=GONE), contact("152", email="b@x.jp"))
    company.deliver({"hubspot/contacts.jsonl": rows})
    sources = company.sources(HUBSPOT)
    company.run(sources)
    erase(company, GONE, "b@x.jp")

    requests.allow(company.home, GONE, AT)

    company.deliver({"hubspot/2026-11-01/contacts.jsonl": rows})
    company.run(sources, LATER)
    assert contacts(company) == [("151", GONE)]


def test_allowing_who_was_never_erased(company: Company, sources: ingestion.Sources) -> None:
    with pytest.raises(InputError, match="nobody with this address"):
        requests.allow(company.home, "b@x.jp", AT)


def test_journal_holds_no_identifier(company: Company, sources: ingestion.Sources) -> None:
    journal = requests.file(company.home).read_text()

    assert [json.loads(line)["state"] for line in journal.splitlines() if line] == ["begun", "done"]
    assert GONE.lower() not in journal.lower()
    assert '"151"' not in journal


def test_another_key_would_recognise_nobody(
    company: Company, sources: ingestion.Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADMILL_ID_KEY", "another key")

    with pytest.raises(LeadmillError, match="another key"):
        company.run(sources, LATER)


def test_nothing_runs_after_an_interrupted_erasure(company: Company, sources: ingestion.Sources) -> None:
    done = requests.file(company.home)
    done.write_text(done.read_text().replace('"done"', '"begun"'))

    with pytest.raises(LeadmillError, match="was interrupted"):
        company.run(sources, LATER)

    with pytest.raises(LeadmillError, match="was interrupted"):
        requests.allow(company.home, GONE, AT)
    with pytest.raises(InputError, match="another address was interrupted"):
        erase(company, "b@x.jp")
    erase(company)
    company.run(sources, LATER)


def test_what_the_collector_has_not_delivered_yet(company: Company) -> None:
    folder = segments.folder_of(company.home, "web") / "form_submissions"
    folder.mkdir(parents=True)
    for number, email in enumerate((GONE, "b@x.jp")):
        line = {"submission_id": str(number), "form_id": "f", "submitted_at": "2026-10-01T00:00:00Z"}
        line |= {"received_at": "2026-10-01T00:00:00Z", "email": email}
        with (folder / "20261001T000000.000000Z-a.jsonl").open("a") as segment:
            segment.write(json.dumps(line) + "\n")

    erase(company)

    ingestion.load(company.home, AT, lambda _: None)
    assert company.raw("collector__form_submissions", "email") == [("b@x.jp",)]


def test_outbox_forgets_the_person_whoever_names_them(company: Company) -> None:
    ingestion.load(company.home, AS_OF, lambda _: None)
    wide = "Ｔaro.Yamada＠acme.co.jp"
    with open_outbox(company.home, lambda: 0.0) as outbox:
        for number, (email, note) in enumerate([(GONE, ""), (wide, ""), ("b@x.jp", f"for {GONE}, x{GONE}")]):
            outbox.accept(
                idempotency_key=f"{number}-{GONE}",
                remembered=Remembered("hash", f"s{number}"),
                person=hmac.digest(company.home.id_key().encode(), email.lower().encode(), "sha256").hex(),
                payload=json.dumps({"email": email, "fields": {"note": note}}, ensure_ascii=False),
                receivers=["crm"],
            )

    done = erase(company)

    assert done.places["submissions in the outbox"] == 3
    with closing(sqlite3.connect(outbox_path(company.home))) as connection:
        kept = {"email": "b@x.jp", "fields": {"note": f"for [erased], x{GONE}"}}
        assert [json.loads(payload) for (payload,) in connection.execute("select payload from entries")] == [kept]

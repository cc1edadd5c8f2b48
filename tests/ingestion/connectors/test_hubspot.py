"""HubSpot's connector against its API on loopback: everything once, then only what is new, whatever fails between."""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import ingestion
from ingestion.connectors import fetching, hubspot
from ingestion.landing import manifests
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home
from tests.ingestion.connectors.hubspot_server import HubSpot
from tests.ingestion.connectors.server import Answer, Request
from tests.ingestion.deliveries import AS_OF, Company

NIGHT = timedelta(days=1)
BEFORE = "2026-10-20T00:00:00.000Z"  # long before the first night
LATER = "2026-11-01T06:00:00.000Z"  # between the first night and the second


@pytest.fixture
def vendor() -> Iterator[HubSpot]:
    """An account with a little of everything."""
    with HubSpot() as found:
        for number in range(1, 6):
            found.put("contacts", str(number), BEFORE, email=f"{number}@example.com")
        found.put("companies", "90", BEFORE, name="株式会社みなと", domain="minato.example.jp")
        found.forms = [
            {"id": form, "name": form, "formType": kind, "createdAt": BEFORE, "updatedAt": BEFORE}
            for form, kind in {"f1": "hubspot", "f2": "captured"}.items()
        ]
        found.submissions = {"f1": [submission(BEFORE)], "f2": [submission(BEFORE), submission("2026-10-21T00:00:00Z")]}
        found.emails = [{"id": "70", "name": "News", "createdAt": BEFORE, "updatedAt": BEFORE}]
        found.events = [event("e1", BEFORE), event("e2", "2026-10-21T00:00:00Z")]
        found.lists = [a_list("40", BEFORE), a_list("41", BEFORE) | {"objectTypeId": "0-2"}]
        found.memberships = {"40": [{"recordId": str(number), "membershipTimestamp": BEFORE} for number in (1, 2)]}
        found.workflows = [{"id": 60, "name": "Onboarding", "insertedAt": 1_790_000_000_000}]
        yield found


def submission(at: str) -> dict[str, Any]:
    """Return a form's submission."""
    values = [{"name": "email", "value": "1@example.com"}]
    return {"submittedAt": milliseconds(at), "values": values, "pageUrl": "https://example.com/"}


def event(event_id: str, at: str) -> dict[str, Any]:
    """Return an event of a mail."""
    sent = {"type": "SENT", "recipient": "1@example.com", "emailCampaignId": 7}
    return {"id": event_id, "created": milliseconds(at)} | sent


def a_list(list_id: str, added_at: str) -> dict[str, Any]:
    """Return a list of contacts as the search for lists gives it."""
    extra = {"hs_list_size": "2", "hs_last_record_added_at": str(milliseconds(added_at))}
    times = {"createdAt": BEFORE, "updatedAt": BEFORE}
    return {"listId": list_id, "name": list_id, "objectTypeId": "0-1", "additionalProperties": extra} | times


def milliseconds(at: str) -> int:
    """Return a time as the older endpoints have it."""
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def sources(company: Company, vendor: HubSpot, *streams: str, **settings: Any) -> ingestion.Sources:
    """Return a sources file with the account, its token and some of its streams (all by default)."""
    api = {"url": vendor.url, "requests_per_second": 1000} | settings
    if "client_id" not in api:
        api["token"] = vendor.issue()
    return company.sources(
        {"name": "hubspot", "system": "hubspot", "api": api | ({"streams": streams} if streams else {})}
    )


def rows(company: Company, stream: str) -> set[tuple[Any, ...]]:
    """Return the records of a stream, without where and when they were delivered."""
    columns = "* exclude (_file, _row_number, _delivered_at, _loaded_at)"
    return {tuple(map(str, row)) for row in company.query(f"select {columns} from raw.hubspot__{stream}")}


def counts(company: Company) -> dict[str, int]:
    """Return how many rows each stream has."""
    streams = ingestion.contract.systems()["hubspot"].streams
    return {name: company.query(f"select count(*) from raw.hubspot__{name}")[0][0] for name in streams}


def test_first_fetch_brings_all(company: Company, vendor: HubSpot) -> None:
    company.run(sources(company, vendor))

    assert counts(company) == {
        "contacts": 5,
        "companies": 1,
        "forms": 2,
        "form_submissions": 3,
        "marketing_emails": 1,
        "email_events": 2,
        "lists": 2,
        "list_memberships": 2,
        "workflows": 1,
    }
    assert company.query("select * from ops.quarantine") == []
    assert set(company.raw("hubspot__form_submissions", "formGuid")) == {("f1",), ("f2",)}
    assert company.raw("hubspot__lists", "listId, updatedAt, hs_list_size")[0] == ("40", at(BEFORE), 2)
    assert set(company.raw("hubspot__contacts", "_delivered_at")) == {(AS_OF.astimezone(UTC).replace(tzinfo=None),)}


def at(text: str) -> datetime:
    """Return a time as the warehouse has it."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def test_next_night_asks_only_for_what_is_new(company: Company, vendor: HubSpot) -> None:
    found = sources(company, vendor)
    company.run(found)
    first = counts(company)
    vendor.requests.clear()
    vendor.put("contacts", "3", LATER, email="new@example.com")
    vendor.put("companies", "91", LATER, name="Umi")
    vendor.submissions["f1"] += [submission(LATER)]
    vendor.emails += [{"id": "71", "name": "More", "createdAt": LATER, "updatedAt": LATER}]
    vendor.events += [event("e3", LATER)]
    vendor.lists[0] = a_list("40", LATER)
    vendor.memberships["40"] += [{"recordId": "3", "membershipTimestamp": LATER}]

    company.run(found, AS_OF + NIGHT)

    new = {name: count - first[name] for name, count in counts(company).items()}
    assert new == {
        "contacts": 1,
        "companies": 1,
        "forms": 2,  # what is small comes whole each night
        "form_submissions": 2,  # the page that has the new one
        "marketing_emails": 1,
        "email_events": 1,
        "lists": 2,
        "list_memberships": 3,
        "workflows": 1,
    }
    assert [request.query["archived"] for request in vendor.asked("objects/contacts$")] == ["true"]
    asked = vendor.asked("objects/contacts/search")[0].json()["filterGroups"][0]["filters"]
    overlap = timedelta(minutes=15)
    assert [one["value"] for one in asked[:2]] == [
        int((AS_OF - overlap).timestamp() * 1000),
        int((AS_OF + NIGHT).timestamp() * 1000),
    ]


def test_a_night_is_not_fetched_twice_nor_into_the_past(company: Company, vendor: HubSpot) -> None:
    found = sources(company, vendor, "contacts")
    company.run(found)
    vendor.requests.clear()

    company.run(found)
    company.run(found, AS_OF - NIGHT)

    assert vendor.requests == []


def test_a_search_of_more_than_its_limit(company: Company, vendor: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sources(company, vendor, "contacts")
    company.run(found)
    monkeypatch.setattr(hubspot, "_SEARCHED", 2)
    vendor.search_limit = 4
    for number in range(100, 109):
        vendor.put("contacts", str(number), LATER)

    company.run(found, AS_OF + NIGHT)

    assert len(rows(company, "contacts")) == 5 + 9


FAULTS: dict[str, dict[str, Any]] = {
    "too many requests": {"kind": "status", "answer": Answer({}, 429, {"Retry-After": "7"}), "waits": [7]},
    "out of order": {"kind": "status", "answer": Answer(b"", 503), "times": 3, "waits": [1, 2, 4]},
    "cut": {"kind": "cut"},
    "slow": {"kind": "slow"},
    "maintenance page": {"kind": "status", "answer": Answer(b'{"results": [', 200)},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_midst_changes_nothing(
    company: Company, vendor: HubSpot, fault: str, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubspot, "_LISTED", 2)
    failure = {name: value for name, value in FAULTS[fault].items() if name != "waits"}
    vendor.fail("objects/contacts", after=2, **failure)

    company.run(sources(company, vendor, "contacts", timeout_seconds=0.5 if fault == "slow" else 60))

    assert vendor.faults == []
    assert [email for (email,) in company.raw("hubspot__contacts", "email")] == [
        f"{number}@example.com" for number in range(1, 6)
    ]
    assert [seconds for seconds in waits if seconds >= 1] == FAULTS[fault].get("waits", [1])  # others keep the pace


def test_an_old_token_is_renewed_once(company: Company, vendor: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubspot, "_LISTED", 2)
    oauth = {"client_id": "c", "client_secret": "s", "refresh_token": vendor.refresh_token}
    expire_after(vendor, 3)

    company.run(sources(company, vendor, "contacts", **oauth))

    assert len(company.raw("hubspot__contacts")) == 5
    assert len(vendor.asked("oauth")) == 2


def expire_after(vendor: HubSpot, requests: int) -> None:
    """Have every token expire once so many requests have come."""
    answer = vendor.answer

    def counting(request: Request) -> Answer:
        if len(vendor.requests) == requests:
            vendor.tokens.clear()
        return answer(request)

    vendor.answer = counting  # type: ignore[method-assign]


def test_a_refused_token_is_bad_input(company: Company, vendor: HubSpot) -> None:
    found = sources(company, vendor, "contacts")
    vendor.tokens.clear()

    with pytest.raises(InputError, match=r"hubspot, contacts: GET /crm/v3/objects/contacts .* status 401: the credent"):
        company.run(found)

    assert len(vendor.requests) == 1
    assert company.landed() == []


def test_one_stream_that_fails_holds_no_other_back(company: Company, vendor: HubSpot) -> None:
    found = sources(company, vendor)
    vendor.fail("workflows", "status", answer=Answer({"category": "MISSING_SCOPES"}, 403))
    vendor.fail("email/public", "status", answer=Answer({}, 500), times=5)

    with pytest.raises(
        LeadmillError, match=r"email_events: .* 500; run again later.*\n.*workflows: .*lack a permission"
    ):
        company.run(found)
    ingestion.load(company.home, AS_OF, lambda _: None)
    assert counts(company)["contacts"] == 5
    assert counts(company)["workflows"] == 0

    company.run(found)

    assert counts(company)["workflows"] == 1
    assert counts(company)["contacts"] == 5


def test_deletes_and_merges_arrive(company: Company, vendor: HubSpot) -> None:
    found = sources(company, vendor, "contacts", "companies")
    company.run(found)
    vendor.archive("contacts", "1", LATER)
    vendor.merge("contacts", winner="2", loser="3", at=LATER)

    company.run(found, AS_OF + NIGHT)
    company.run(found, AS_OF + 2 * NIGHT)

    assert company.query(
        "select id, archived, archivedAt, hs_merged_object_ids from raw.hubspot__contacts"
        " where _delivered_at > timestamp '2026-10-31 15:00' order by id"
    ) == [("1", True, at(LATER), None), ("2", False, None, "3")]


def test_fields_added_and_retyped(company: Company, vendor: HubSpot) -> None:
    vendor.emails = [
        {"id": "70", "createdAt": BEFORE, "updatedAt": BEFORE, "businessUnitId": "1"},
        {"id": "71", "createdAt": {"iso": BEFORE}, "updatedAt": BEFORE},
    ]

    result = company.run(sources(company, vendor, "marketing_emails"))

    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)
    assert company.query("select stream, column_name from ops.unknown_columns") == [
        ("marketing_emails", "businessUnitId")
    ]
    assert company.query("select column_name, reason from ops.quarantine") == [
        ("createdAt", "column createdAt: expected TIMESTAMP")
    ]


def test_a_long_first_fetch_lands_in_parts(company: Company, vendor: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubspot, "_LISTED", 2)
    monkeypatch.setattr(fetching, "CHUNK_BYTES", 1)

    company.run(sources(company, vendor, "contacts"))

    cursors = [manifest.cursor for _, manifest in manifests(company.home, "hubspot")]
    assert [cursor.is_last for cursor in cursors if cursor] == [False, False, True]
    assert json.loads(cursors[1].reached)["after"] == "4" if cursors[1] else False
    assert [file for (file,) in company.raw("hubspot__contacts", "distinct on (_file) _file")] == [
        f"20261101T000000Z/{number:04d}/contacts.jsonl" for number in (1, 2, 3)
    ]


def extract_in_parts(home: Path, sources_file: Path, as_of: datetime) -> None:
    """Extract with pages and parts as small as can be; runs in a process that is killed."""
    hubspot._LISTED = 2
    hubspot._EVENTS = 1
    fetching.CHUNK_BYTES = 1
    ingestion.extract(ingestion.read_sources(sources_file), "hubspot", Home(path=home), as_of, lambda _: None)


@pytest.mark.faults
def test_kill_at_any_request(company: Company, vendor: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubspot, "_LISTED", 2)
    vendor.archive("contacts", "5", "2026-10-22T00:00:00Z")
    found = sources(company, vendor, "contacts", "email_events", start_on="2026-10-19")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ingestion.connectors.hubspot", "ingestion.connectors.fetching", __name__])
    answer = vendor.answer
    for kill_at in (3, 2):  # in the midst of a list; then, as it goes on, in the midst of the events
        process = context.Process(
            target=extract_in_parts, args=(company.home.path, company.folder / "sources.yml", AS_OF)
        )
        vendor.requests.clear()

        def killing(request: Request, kill_at: int = kill_at, process: Any = process) -> Answer:
            if len(vendor.requests) == kill_at:
                os.kill(process.pid, signal.SIGKILL)
            return answer(request)

        vendor.answer = killing  # type: ignore[method-assign]
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
    vendor.answer = answer  # type: ignore[method-assign]

    company.run(found)

    assert not list(company.home.landing.rglob(".partial-*"))
    assert sorted(company.raw("hubspot__contacts", "id, archived")) == [
        ("1", False),
        ("2", False),
        ("3", False),
        ("4", False),
        ("5", True),
    ]
    assert sorted(company.raw("hubspot__email_events", "id")) == [("e1",), ("e2",)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"sources\.yml:1: sources\.0\.api: set `token` of a private app, or"),
        ({"token": "x", "tokn": 1}, r"sources\.yml:1: sources\.0\.api\.tokn: Extra inputs are not permitted"),
        ({"token": "x", "streams": ["contact"]}, r"unknown stream of hubspot 'contact'; did you mean 'contacts'\?"),
        ({"token": "x", "start_on": "soon"}, r"sources\.0\.api\.start_on: Input should be a valid date"),
    ],
)
def test_wrong_settings_are_told(company: Company, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        company.sources({"name": "hubspot", "system": "hubspot", "api": settings})


def test_either_path_or_api(company: Company) -> None:
    both = {"name": "hubspot", "system": "hubspot", "path": "hubspot", "api": {"token": "x"}}
    with pytest.raises(InputError, match="a connector needs either `path`, the folder of its exports, or `api`"):
        company.sources(both)
    with pytest.raises(InputError, match="system 'ga4' has no live connector; set `path`"):
        company.sources({"name": "ga4", "system": "ga4", "api": {}})


def test_backfill_of_an_api_moves_no_cursor(company: Company, vendor: HubSpot) -> None:
    found = sources(company, vendor, "contacts", "email_events")
    company.run(found)
    before = [manifest for _, manifest in manifests(company.home) if manifest.cursor]
    vendor.put("contacts", "9", "2026-10-05T12:00:00Z")
    vendor.put("contacts", "10", "2026-10-08T12:00:00Z")
    vendor.events += [event("late", "2026-10-06T12:00:00Z"), event("e4", LATER)]
    vendor.requests.clear()

    days = date(2026, 10, 5), date(2026, 10, 6)
    ingestion.backfill(found, "hubspot", company.home, *days, AS_OF + NIGHT, lambda _: None)
    ingestion.load(company.home, AS_OF + NIGHT, lambda _: None, "hubspot")

    assert [manifest for _, manifest in manifests(company.home) if manifest.cursor] == before
    assert {one[0] for one in rows(company, "contacts")} == {"1", "2", "3", "4", "5", "9"}
    assert company.query("select id from raw.hubspot__email_events where _delivered_at > timestamp '2026-11-01'") == [
        ("late",)
    ]
    company.run(found, AS_OF + NIGHT)
    assert {one[0] for one in rows(company, "email_events")} == {"e1", "e2", "late", "e4"}

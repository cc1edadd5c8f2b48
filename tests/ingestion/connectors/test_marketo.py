"""Marketo's connector against its API on loopback."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import ingestion
from ingestion.connectors import fetching, marketo_api
from leadmill.errors import InputError, LeadmillError
from tests.ingestion.connectors.marketo_server import CLIENT, Marketo, error
from tests.ingestion.connectors.server import Answer
from tests.ingestion.deliveries import AS_OF, Company

NIGHT = timedelta(days=1)
SPRING, OCTOBER = "2026-04-01T00:00:00Z", "2026-10-20T00:00:00Z"  # both before the first night
LATER = "2026-11-01T06:00:00Z"  # between the first night and the second


@pytest.fixture
def vendor() -> Iterator[Marketo]:
    """An instance with a little of everything."""
    with Marketo() as found:
        for number in range(1, 4):
            found.put(number, SPRING, email=f"{number}@example.com", numberOfEmployees=10)
        found.put(4, OCTOBER, email="4@example.com")
        found.log(6, 1, OCTOBER)
        found.assets["programs"] = [{"id": 7, "name": "Onboarding", "type": "Engagement"}, {"id": 8, "type": "Event"}]
        found.assets["emails"] = [{"id": number, "createdAt": "2026-01-01T00:00:00Z+0000"} for number in range(201)]
        found.lists = {40: [1, 2]}
        found.members = [{"programId": 7, "leadId": 1, "membershipDate": SPRING, "isExhausted": True}]
        yield found


@pytest.fixture(autouse=True)
def polls(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been waited for extracts."""
    found: list[float] = []
    monkeypatch.setattr(marketo_api, "sleep", found.append)
    return found


def sources(company: Company, vendor: Marketo, *streams: str, **settings: Any) -> ingestion.Sources:
    """Return a sources file with the instance and some of its streams (all by default)."""
    api = {"url": vendor.url, "timeout_seconds": 0.3, "requests_per_second": 1000, "start_on": "2026-03-01"}
    asked = {"streams": streams} if streams else {}
    return company.sources(
        {"name": "mkto", "system": "marketo", "api": api | CLIENT | asked | settings},
    )


def counts(company: Company) -> dict[str, int]:
    """Return how many rows each stream has."""
    streams = ingestion.contract.systems()["marketo"].streams
    return {name: company.query(f"select count(*) from raw.marketo__{name}")[0][0] for name in streams}


def filters(vendor: Marketo, kind: str) -> list[dict[str, Any]]:
    """Return the filters of the extracts that were asked for."""
    return [request.json()["filter"] for request in vendor.asked(f"{kind}/export/create")]


def test_first_fetch_brings_all_by_extracts(company: Company, vendor: Marketo, polls: list[float]) -> None:
    company.run(sources(company, vendor))

    assert counts(company) == {
        "leads": 4,
        "activities": 5,
        "deleted_leads": 0,
        "programs": 2,
        "emails": 201,
        "forms": 0,
        "lists": 1,
        "list_memberships": 2,
        "program_members": 1,
    }
    assert company.query("select * from ops.quarantine") == []
    assert set(company.raw("marketo__leads", "id, email, numberOfEmployees")) == {
        ("1", "1@example.com", 10),
        ("2", "2@example.com", 10),
        ("3", "3@example.com", 10),
        ("4", "4@example.com", None),
    }
    assert company.raw("marketo__list_memberships", "listId, leadId") == [("40", "1"), ("40", "2")]
    assert company.raw("marketo__emails", "distinct createdAt") == [(datetime(2026, 1, 1),)]  # noqa: DTZ001 - UTC
    assert vendor.asked("activities.json") == []
    assert set(polls) == {60}


def test_next_night_asks_only_for_what_is_new(company: Company, vendor: Marketo) -> None:
    found = sources(company, vendor, "leads", "activities", "deleted_leads", "list_memberships")
    company.run(found)
    first = counts(company)
    vendor.requests.clear()
    vendor.put(2, LATER, email="new@example.com")
    vendor.log(10, 1, LATER)
    vendor.log(32, 1, LATER, Merge_IDs="[3]")
    vendor.log(37, 3, LATER)

    company.run(found, AS_OF + NIGHT)

    new = {name: count - first[name] for name, count in counts(company).items() if count > first[name]}
    assert new == {"leads": 1, "activities": 4, "deleted_leads": 1}
    overlap = timedelta(minutes=15)
    assert filters(vendor, "leads") == [{"updatedAt": {"startAt": text(AS_OF - overlap), "endAt": text(AS_OF + NIGHT)}}]
    assert filters(vendor, "activities") == []
    assert company.query(
        "select leadId, attributes->0->>'value' from raw.marketo__activities where activityTypeId=32"
    ) == [("1", "[3]")]


def text(moment: datetime) -> str:
    """Return a time as Marketo takes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_subscription_without_the_filter_by_change(company: Company, vendor: Marketo) -> None:
    vendor.has_filter_by_change = False
    found = sources(company, vendor, "leads")
    company.run(found)
    vendor.put(2, LATER, email="new@example.com")
    vendor.put(5, LATER, email="5@example.com")

    company.run(found, AS_OF + NIGHT)

    assert company.query(
        "select id, email from raw.marketo__leads where updatedAt = '2026-11-01 06:00' order by id"
    ) == [
        ("2", "new@example.com"),
        ("5", "5@example.com"),
    ]


def test_a_first_fetch_that_broke_off_goes_on(
    company: Company, vendor: Marketo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "CHUNK_BYTES", 1)
    found = sources(company, vendor, "leads", start_on="2026-04-01")
    vendor.put(8, "2026-08-01T00:00:00Z", email="8@example.com")
    vendor.put(9, "2026-09-10T00:00:00Z", email="9@example.com")
    vendor.fail("job-6/file", "status", times=9, answer=Answer(b"", 500))
    with pytest.raises(LeadmillError, match=r"mkto, leads: GET /bulk/v1/leads/export/job-6/file\.json .* 500"):
        company.run(found)
    vendor.faults.clear()
    vendor.requests.clear()
    vendor.put(1, LATER, email="changed@example.com")

    company.run(found, AS_OF + NIGHT)

    asked = filters(vendor, "leads")
    assert [next(iter(one)) for one in asked] == ["createdAt"] * 3 + ["updatedAt"]
    assert asked[0]["createdAt"]["startAt"] > "2026-08-01"
    assert sorted(company.raw("marketo__leads", "email")) == [
        (f"{name}@example.com",) for name in ("1", "2", "3", "4", "8", "9", "changed")
    ]


FAULTS: dict[str, dict[str, Any]] = {
    "too many requests": {"kind": "status", "answer": error("606", "Max rate limit '100' exceeded with in '20' secs")},
    "too many at once": {"kind": "status", "answer": error("615", "Concurrent access limit reached"), "times": 3},
    "out of order": {"kind": "status", "answer": Answer(b"", 502)},
    "cut": {"kind": "cut"},
    "slow": {"kind": "slow"},
    "token expired": {"kind": "status", "answer": error("602", "Access token expired")},
}


@pytest.mark.parametrize("path", ["activities.json", "file.json"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_midst_changes_nothing(company: Company, vendor: Marketo, fault: str, path: str) -> None:
    found = sources(company, vendor, "leads", "activities", start_on="2026-10-31")
    vendor.put(5, "2026-10-31T03:00:00Z", email="5@example.com")
    vendor.log(6, 5, "2026-10-31T04:00:00Z")
    vendor.log(7, 5, "2026-10-31T04:00:00Z")
    vendor.fail(path, **FAULTS[fault])

    company.run(found)

    assert vendor.faults == []
    assert company.raw("marketo__leads", "id") == [("5",)]
    assert sorted(company.raw("marketo__activities", "activityTypeId")) == [(6,), (7,), (12,)]


REFUSALS = {
    "calls of the day": (error("607", "Daily quota reached"), LeadmillError, "607: the day's calls are used up"),
    "permission": (error("603", "Access denied"), InputError, "the API user's role lacks a permission"),
    "a token that is never good": (error("601", "Access token invalid"), InputError, "credentials are refused"),
    "field": (error("1006", "Field 'x' not found"), LeadmillError, "Marketo error 1006: see https://exp"),
    "busy for long": (error("606", "Max rate limit"), LeadmillError, "606: too many calls"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_refusals_say_what_to_do(company: Company, vendor: Marketo, refusal: str) -> None:
    answer, kind, told = REFUSALS[refusal]
    vendor.fail("/asset/", "status", times=9, answer=answer)

    with pytest.raises(kind, match=told):
        company.run(sources(company, vendor, "forms"))


def test_an_answer_of_another_shape_does_not_land(company: Company, vendor: Marketo) -> None:
    vendor.fail("/asset/", "status", answer=Answer({"result": [{"id": 1}]}))

    with pytest.raises(LeadmillError, match="mkto, forms"):
        company.run(sources(company, vendor, "forms"))

    assert company.landed() == []


def test_fields_added_and_retyped(company: Company, vendor: Marketo) -> None:
    vendor.assets["forms"] = [{"id": 60, "theme": "plain"}, {"id": 61, "createdAt": {"on": "2026-10-20"}}]

    result = company.run(sources(company, vendor, "forms"))

    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)
    assert company.query("select stream, column_name from ops.unknown_columns") == [("forms", "theme")]
    assert company.query("select reason from ops.quarantine") == [("column createdAt: expected TIMESTAMP",)]


def test_a_backfill_asks_for_its_days_only(company: Company, vendor: Marketo) -> None:
    found = sources(company, vendor, "leads", "activities")
    company.run(found)
    vendor.requests.clear()
    vendor.put(1, OCTOBER, email="changed@example.com")
    day = date(2026, 10, 20)

    ingestion.backfill(found, "mkto", company.home, day, day, AS_OF, lambda _: None)
    ingestion.load(company.home, AS_OF, lambda _: None)

    span = {"startAt": "2026-10-19T15:00:00Z", "endAt": "2026-10-20T15:00:00Z"}
    assert filters(vendor, "leads") == [{"createdAt": span}, {"updatedAt": span}]
    assert [asked["createdAt"] for asked in filters(vendor, "activities")] == [span]
    again = company.query("select id, email from raw.marketo__leads where _file like '%/0002/%'")
    assert set(again) == {("1", "changed@example.com"), ("4", "4@example.com")}
    vendor.requests.clear()
    company.run(found, AS_OF + NIGHT)
    assert filters(vendor, "leads")[0]["updatedAt"]["startAt"] == text(AS_OF - timedelta(minutes=15))


def test_wrong_client(company: Company, vendor: Marketo) -> None:
    with pytest.raises(InputError, match=r"POST /identity/oauth/token .* the credentials are refused") as caught:
        company.run(sources(company, vendor, "forms", client_secret="another"))  # noqa: S106

    assert "another" not in str(caught.value)


def test_a_full_queue_is_waited_for(company: Company, vendor: Marketo, polls: list[float]) -> None:
    vendor.fail("enqueue", "status", times=3, answer=error("1029", "Too many jobs (10) in queue"))

    company.run(sources(company, vendor, "leads", start_on="2026-10-15"))

    assert company.raw("marketo__leads", "id") == [("4",)]
    assert len(polls) == 3 + 1


def test_no_bytes_left_today(company: Company, vendor: Marketo, polls: list[float]) -> None:
    vendor.fail("enqueue", "status", answer=error("1029", "Export daily quota exceeded"))

    with pytest.raises(LeadmillError, match="1029: the day's bytes of extracts are used up"):
        company.run(sources(company, vendor, "leads"))

    assert polls == []


def test_an_extract_that_fails(company: Company, vendor: Marketo) -> None:
    vendor.job_status = "Failed"

    with pytest.raises(LeadmillError, match="Marketo ended the extract as Failed; run again"):
        company.run(sources(company, vendor, "leads"))


def test_an_extract_that_never_ends(company: Company, vendor: Marketo, polls: list[float]) -> None:
    vendor.job_status = "Processing"

    with pytest.raises(LeadmillError, match=r"not ready in time; .* `extract_hours`"):
        company.run(sources(company, vendor, "leads", extract_hours=0.1))

    assert sum(polls) == 0.1 * 3600


def test_a_file_that_is_not_the_announced_one(company: Company, vendor: Marketo) -> None:
    wrong = Answer(b"id,createdAt,updatedAt\n", headers={"Content-Type": "text/csv"})
    vendor.fail("file.json", "status", answer=wrong)

    with pytest.raises(LeadmillError, match="not the file that the job announced"):
        company.run(sources(company, vendor, "leads", start_on="2026-10-15"))

    assert company.landed() == []

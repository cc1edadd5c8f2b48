"""Salesforce's connector against its API on loopback: everything once, then what changed, whatever fails between."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import ingestion
from ingestion.connectors import fetching, salesforce_bulk
from ingestion.contract import systems
from ingestion.landing import manifests
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home
from tests.ingestion.connectors.salesforce_server import CLIENT, REFRESH_TOKEN, Salesforce, error
from tests.ingestion.connectors.server import Answer
from tests.ingestion.deliveries import AS_OF, Company, utc

NIGHT = timedelta(days=1)
SPRING, OCTOBER = "2026-04-01T00:00:00.000+0000", "2026-10-20T00:00:00.000+0000"  # both before the first night
LATER = "2026-11-01T06:00:00.000+0000"  # between the first night and the second
LEADS = {f"00Q{number}" for number in range(1, 6)}
STREAMS = ("users", "leads", "opportunities", "opportunity_field_history")


@pytest.fixture
def vendor() -> Iterator[Salesforce]:
    """An org with a little of everything."""
    with Salesforce() as found:
        for number in range(1, 6):
            found.put("Lead", f"00Q{number}", f"2026-0{number}-01T00:00:00.000+0000", LastName=f"名{number}")
        found.put("User", "0051", SPRING, Name="佐藤", Daily_Capacity__c=9.0, UserRole={"Name": "Inside Sales"})
        found.put("Opportunity", "0061", OCTOBER, Name="新規", StageName="Qualification", Amount=1200000.0)
        for moment in (SPRING, OCTOBER):
            change = {"OpportunityId": "0061", "Field": "StageName", "NewValue": "Qualification", "IsDeleted": False}
            found.put("OpportunityFieldHistory", f"017{moment[:7]}", moment, **change)
        yield found


@pytest.fixture(autouse=True)
def polls(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been waited for bulk queries; a part of their results has two rows."""
    found: list[float] = []
    monkeypatch.setattr(salesforce_bulk, "sleep", found.append)
    monkeypatch.setattr(salesforce_bulk, "RESULT_ROWS", 2)
    return found


def sources(company: Company, vendor: Salesforce, *streams: str, **settings: Any) -> ingestion.Sources:
    """Return a sources file with the org and some of its streams."""
    api = {"url": vendor.url, "timeout_seconds": 0.3} | CLIENT | {"streams": streams or STREAMS}
    return company.sources({"name": "sfdc", "system": "salesforce", "api": api | settings})


def counts(company: Company) -> dict[str, int]:
    """Return how many rows each of the streams has."""
    return {name: company.query(f"select count(*) from raw.salesforce__{name}")[0][0] for name in STREAMS}


def ids(company: Company) -> set[str]:
    """Return the leads that came."""
    return {row[0] for row in company.raw("salesforce__leads", "Id")}


def queries(vendor: Salesforce) -> list[str]:
    """Return the conditions of the queries for records that were asked."""
    asked = [request.query["q"] for request in vendor.asked("queryAll$")]
    return [query.partition(" WHERE ")[2] for query in asked if "COUNT()" not in query]


def test_first_fetch_brings_all(company: Company, vendor: Salesforce) -> None:
    company.run(sources(company, vendor, start_on="2026-10-01"))

    assert counts(company) == {"users": 1, "leads": 5, "opportunities": 1, "opportunity_field_history": 1}
    assert company.query("select * from ops.quarantine") == []
    assert company.query("select * from ops.unknown_columns") == []
    assert company.raw("salesforce__users", "Name, RoleName, Daily_Capacity__c") == [("佐藤", "Inside Sales", 9)]
    assert company.raw("salesforce__leads", "LastName")[0] == ("名1",)
    assert company.raw("salesforce__opportunity_field_history", "CreatedDate") == [(utc(2026, 10, 20),)]


def test_next_night_asks_only_for_what_changed(company: Company, vendor: Salesforce) -> None:
    found = sources(company, vendor)
    company.run(found)
    vendor.requests.clear()
    vendor.put("Lead", "00Q2", LATER, LastName="新しい名")

    company.run(found, AS_OF + NIGHT)

    assert counts(company) == {"users": 1, "leads": 6, "opportunities": 1, "opportunity_field_history": 2}
    assert set(queries(vendor)) == {
        f"{field} >= 2026-10-31T14:45:00Z AND {field} < 2026-11-01T15:00:00Z ORDER BY {field}, Id"
        for field in ("SystemModstamp", "CreatedDate")
    }


def test_deletions_merges_and_what_comes_back(company: Company, vendor: Salesforce) -> None:
    found = sources(company, vendor, "leads")
    vendor.put("Lead", "00Q1", OCTOBER, IsDeleted=True)
    company.run(found)
    vendor.put("Lead", "00Q1", LATER)  # out of the recycle bin
    vendor.put("Lead", "00Q2", LATER, IsDeleted=True, MasterRecordId="00Q1")

    company.run(found, AS_OF + NIGHT)

    columns = "Id, IsDeleted, MasterRecordId"
    assert company.raw("salesforce__leads", columns)[-2:] == [("00Q1", False, None), ("00Q2", True, "00Q1")]
    assert ("00Q1", True, None) in company.raw("salesforce__leads", columns)


def test_a_first_fetch_that_broke_off_goes_on(
    company: Company, vendor: Salesforce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "CHUNK_BYTES", 1)
    found = sources(company, vendor, "leads")
    vendor.fail("-4$", "status", times=9, answer=Answer(b"", 500))
    with pytest.raises(LeadmillError, match=r"sfdc, leads: GET /services/data/v64\.0/query/01g0-4 .* 500"):
        company.run(found)
    vendor.faults.clear()
    vendor.requests.clear()

    company.run(found, AS_OF + NIGHT)

    assert queries(vendor)[0].startswith("SystemModstamp >= 2026-01-31T23:45:00Z AND")
    assert ids(company) == LEADS


FAULTS: dict[str, dict[str, Any]] = {
    "too many at one time": {"kind": "status", "answer": error(403, "REQUEST_LIMIT_EXCEEDED"), "times": 3},
    "too many requests": {"kind": "status", "answer": Answer(b"", 429, {"Retry-After": "1"})},
    "out of order": {"kind": "status", "answer": error(503, "SERVER_UNAVAILABLE")},
    "cut": {"kind": "cut"},
    "slow": {"kind": "slow"},
    "session over": {"kind": "status", "answer": error(401, "INVALID_SESSION_ID")},
    "pages gone": {"kind": "status", "answer": error(400, "INVALID_QUERY_LOCATOR")},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_between_pages_changes_nothing(company: Company, vendor: Salesforce, fault: str) -> None:
    vendor.fail("-4$", **FAULTS[fault])

    company.run(sources(company, vendor, "leads"))

    assert vendor.faults == []
    assert ids(company) == LEADS


REFUSALS = {
    "day's requests": (error(403, "REQUEST_LIMIT_EXCEEDED"), LeadmillError, "REQUEST_LIMIT_EXCEEDED: the org's requ"),
    "permission": (error(403, "API_DISABLED_FOR_ORG"), InputError, "the credentials lack a permission"),
    "a token that is never good": (error(401, "INVALID_SESSION_ID"), InputError, "credentials are refused"),
    "pages that never come": (error(400, "INVALID_QUERY_LOCATOR"), LeadmillError, "status 400"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_refusals_say_what_to_do(company: Company, vendor: Salesforce, refusal: str) -> None:
    answer, kind, told = REFUSALS[refusal]
    vendor.fail("queryAll$", "status", times=9, answer=answer)

    with pytest.raises(kind, match=told) as raised:
        company.run(sources(company, vendor, "leads"))

    assert type(raised.value) is kind


def test_an_object_that_may_not_be_read(company: Company, vendor: Salesforce) -> None:
    with pytest.raises(InputError, match="sfdc, events: Event: Salesforce answers NOT_FOUND: the integration user may"):
        company.run(sources(company, vendor, "leads", "events"))

    ingestion.load(company.home, AS_OF, lambda _: None)
    assert counts(company)["leads"] == 5


def test_fields_that_the_org_has_not(company: Company, vendor: Salesforce, caplog: pytest.LogCaptureFixture) -> None:
    company.run(sources(company, vendor, "users"))
    assert "User: asked without ['Department', 'TimeZoneSidKey', 'LastModifiedDate']" in caplog.text

    vendor.fields["User"].remove("Name")
    with pytest.raises(InputError, match="User: the integration user may not read Name"):
        company.run(sources(company, vendor, "users"), AS_OF + NIGHT)


def test_fields_added_and_retyped(company: Company, vendor: Salesforce) -> None:
    vendor.put("Lead", "00Q1", OCTOBER, NumberOfEmployees="many")
    found = sources(company, vendor, "leads")
    page = {"done": True, "records": [{"Id": "00Q9", "CreatedDate": LATER, "SystemModstamp": LATER, "New__c": 1}]}

    first = company.run(found)
    vendor.fail("queryAll$", "status", after=1, answer=Answer(page))
    company.run(found, AS_OF + NIGHT)

    assert (first.rows_loaded, first.rows_quarantined) == (4, 1)
    assert company.query("select reason from ops.quarantine") == [("column NumberOfEmployees: expected BIGINT",)]
    assert company.query("select column_name from ops.unknown_columns") == [("New__c",)]


def test_the_address_that_comes_with_a_token(company: Company, vendor: Salesforce) -> None:
    with Salesforce() as login:
        login.instance_url, login.tokens = vendor.url, vendor.tokens
        found = sources(company, login, "leads", refresh_token=REFRESH_TOKEN)

        company.run(found)

    assert counts(company)["leads"] == 5
    assert {request.path for request in login.requests} == {"/services/oauth2/token"}
    assert login.requests[0].form()["grant_type"] == "refresh_token"


def test_wrong_refresh_token(company: Company, vendor: Salesforce) -> None:
    with pytest.raises(InputError, match=r"POST /services/oauth2/token .* the credentials are refused") as caught:
        company.run(sources(company, vendor, "leads", refresh_token="another"))  # noqa: S106

    assert "another" not in str(caught.value)


def test_a_backfill_asks_for_its_days_only(company: Company, vendor: Salesforce) -> None:
    found = sources(company, vendor, "leads", "opportunity_field_history")
    company.run(found)
    vendor.requests.clear()
    day = date(2026, 3, 1)

    ingestion.backfill(found, "sfdc", company.home, day, day, AS_OF, lambda _: None)
    ingestion.load(company.home, AS_OF, lambda _: None)

    assert queries(vendor)[0].startswith("SystemModstamp >= 2026-02-28T15:00:00Z AND SystemModstamp < 2026-03-01T15:00")
    assert company.raw("salesforce__leads", "Id")[-1] == ("00Q3",)
    vendor.requests.clear()
    company.run(found, AS_OF + NIGHT)
    assert queries(vendor)[0].startswith("SystemModstamp >= 2026-10-31T14:45:00Z")


def records(company: Company, stream: str) -> set[tuple[Any, ...]]:
    """Return the records of a stream, without their envelope and where they came from."""
    columns = [name for name in systems()["salesforce"].streams[stream].columns if name != "attributes"]
    return set(company.query(f"select {', '.join(columns)} from raw.salesforce__{stream}"))


def test_bulk_queries_bring_what_pages_bring(company: Company, vendor: Salesforce, tmp_path: Path) -> None:
    vendor.put("Lead", "00Q1", SPRING, LastName='山田, "太郎"\n課長', NumberOfEmployees=120)
    vendor.put("Lead", "00Q2", OCTOBER, LastName="", IsDeleted=True, MasterRecordId="00Q1")
    other = Company(company.folder, Home(path=tmp_path / "other"))

    company.run(sources(company, vendor))
    other.run(sources(other, vendor, bulk_from_rows=1))

    assert vendor.jobs_made == len(STREAMS)
    assert other.query("select distinct _file[-4:] from raw.salesforce__leads") == [(".csv",)]
    assert {name: records(other, name) for name in STREAMS} == {name: records(company, name) for name in STREAMS}
    assert counts(other) == counts(company)
    assert other.query("select * from ops.quarantine") == other.query("select * from ops.unknown_columns") == []


def test_bulk_queries_are_for_many_records(company: Company, vendor: Salesforce, polls: list[float]) -> None:
    found = sources(company, vendor, "leads", "users", bulk_from_rows=5)
    company.run(found)
    assert (vendor.jobs_made, polls) == (1, [10])
    vendor.requests.clear()
    vendor.put("Lead", "00Q2", LATER)

    company.run(found, AS_OF + NIGHT)

    assert counts(company)["leads"] == 5 + 1
    assert vendor.jobs_made == 1
    assert queries(vendor)[-1].startswith("SystemModstamp >= 2026-10-31T14:45:00Z AND")


def test_a_query_that_takes_too_long_goes_by_bulk(company: Company, vendor: Salesforce) -> None:
    vendor.fail("queryAll$", "status", answer=error(400, "QUERY_TIMEOUT"))

    company.run(sources(company, vendor, "leads"))

    assert ids(company) == LEADS
    assert vendor.jobs_made == 1


BULK_FAULTS: dict[str, dict[str, Any]] = {
    "slow": {"kind": "slow"},
    "cut": {"kind": "cut"},
    "out of order": {"kind": "status", "answer": error(503, "SERVER_UNAVAILABLE")},
    "session over": {"kind": "status", "answer": error(401, "INVALID_SESSION_ID")},
}


@pytest.mark.parametrize("fault", BULK_FAULTS)
def test_a_download_that_breaks_off_changes_nothing(company: Company, vendor: Salesforce, fault: str) -> None:
    vendor.fail("results", after=1, **BULK_FAULTS[fault])

    company.run(sources(company, vendor, "leads", bulk_from_rows=1))

    assert vendor.faults == []
    assert counts(company)["leads"] == len(LEADS)
    assert ids(company) == LEADS


def test_a_result_that_is_gone_is_asked_for_again(company: Company, vendor: Salesforce) -> None:
    vendor.fail("results", "status", after=1, answer=error(404, "NOT_FOUND"))

    company.run(sources(company, vendor, "leads", bulk_from_rows=1))

    assert (vendor.jobs_made, ids(company)) == (2, LEADS)


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_bulk_queries_that_fail(
    company: Company, vendor: Salesforce, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.job_states = ["InProgress", state]

    with pytest.raises(LeadmillError, match="Lead: 3 bulk queries failed, one after the other"):
        company.run(sources(company, vendor, "leads", bulk_from_rows=1))

    assert f"Lead: Salesforce ended the bulk query as {state}; asked again" in caplog.text
    assert company.landed() == []


def test_a_bulk_query_that_never_ends(company: Company, vendor: Salesforce, polls: list[float]) -> None:
    vendor.job_states = ["InProgress"]

    with pytest.raises(LeadmillError, match=r"not ready in time; .* `bulk_hours`"):
        company.run(sources(company, vendor, "leads", bulk_from_rows=1, bulk_hours=0.1))

    assert sum(polls) == 0.1 * 3600


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_bulk_download_that_broke_off_goes_on(
    company: Company, vendor: Salesforce, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    monkeypatch.setattr(fetching, "CHUNK_BYTES", 1)
    found = sources(company, vendor, "leads", bulk_from_rows=3)
    vendor.fail("results", "status", after=2, times=9, answer=Answer(b"", 500))
    with pytest.raises(LeadmillError, match=r"GET /services/data/v64\.0/jobs/query/7501/results .* 500"):
        company.run(found)
    _, last = list(manifests(company.home, "sfdc", "leads"))[-1]
    assert last.cursor
    assert json.loads(last.cursor.reached)["locator"] == "MTA2"
    vendor.faults.clear()
    vendor.put("Lead", "00Q1", LATER)
    if not is_kept:
        vendor.jobs.clear()

    company.run(found, AS_OF + NIGHT)

    assert ids(company) == LEADS
    assert len(company.raw("salesforce__leads")) == len(LEADS) + (1 if is_kept else 2)
    assert vendor.jobs_made == (1 if is_kept else 2)
    assert company.raw("salesforce__leads", "Id, SystemModstamp")[-1] == ("00Q1", utc(2026, 11, 1, 6))

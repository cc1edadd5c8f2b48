"""Salesforce's connector against its API on loopback: everything once, then what changed, whatever fails between."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

import ingestion
from ingestion.connectors import fetching
from leadmill.errors import InputError, LeadmillError
from tests.ingestion.connectors.salesforce_server import CLIENT, REFRESH_TOKEN, Salesforce, error
from tests.ingestion.connectors.server import Answer
from tests.ingestion.deliveries import AS_OF, Company, utc

NIGHT = timedelta(days=1)
SPRING, OCTOBER = "2026-04-01T00:00:00.000+0000", "2026-10-20T00:00:00.000+0000"  # both before the first night
LATER = "2026-11-01T06:00:00.000+0000"  # between the first night and the second
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


def sources(company: Company, vendor: Salesforce, *streams: str, **settings: Any) -> ingestion.Sources:
    """Return a sources file with the org and some of its streams."""
    api = {"url": vendor.url, "timeout_seconds": 0.3} | CLIENT | {"streams": streams or STREAMS}
    return company.sources({"name": "sfdc", "system": "salesforce", "api": api | settings})


def counts(company: Company) -> dict[str, int]:
    """Return how many rows each of the streams has."""
    return {name: company.query(f"select count(*) from raw.salesforce__{name}")[0][0] for name in STREAMS}


def queries(vendor: Salesforce) -> list[str]:
    """Return the conditions of the queries that were asked."""
    return [request.query["q"].partition(" WHERE ")[2] for request in vendor.asked("queryAll$")]


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
    assert {row[0] for row in company.raw("salesforce__leads", "Id")} == {f"00Q{number}" for number in range(1, 6)}


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
    assert {row[0] for row in company.raw("salesforce__leads", "Id")} == {f"00Q{number}" for number in range(1, 6)}


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
    vendor.fail("queryAll$", "status", answer=Answer(page))
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

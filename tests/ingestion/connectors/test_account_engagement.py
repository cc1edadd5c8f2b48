"""Account Engagement's connector against its API on loopback."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import ingestion
from ingestion.connectors import fetching
from leadmill.errors import InputError, LeadmillError
from tests.ingestion.connectors.account_engagement_server import BUSINESS_UNIT, CLIENT, AccountEngagement
from tests.ingestion.connectors.server import Answer
from tests.ingestion.deliveries import AS_OF, Company

NIGHT = timedelta(days=1)
LATER = "2026-11-01T15:00:00+09:00"  # between the first night and the second


def before(minute: int) -> str:
    """Return a time long before the first night."""
    return f"2026-10-20T09:{minute:02d}:00+09:00"


@pytest.fixture
def vendor() -> Iterator[AccountEngagement]:
    """A business unit with a little of everything."""
    with AccountEngagement() as found:
        for number in range(1, 6):
            found.put("prospects", number, before(number), email=f"{number}@example.com")
        found.put("visitor-activities", 1, before(1), type=6, typeName="Email", prospectId=1, listEmailId=5)
        found.put("list-emails", 5, before(1), name="News", subject="News 10")
        found.put("email-templates", 6, before(1), name="Thanks")
        found.put("campaigns", 9, before(1), name="Website")
        found.put("forms", 8, before(1), name="Contact")
        found.put("form-handlers", 8, before(1), name="Old site")
        found.put("files", 3, before(1), name="white-paper.pdf")
        found.put("lists", 2, before(1), name="Newsletter")
        found.put("list-memberships", 7, before(1), listId=2, prospectId=1)
        yield found


def sources(company: Company, vendor: AccountEngagement, *streams: str, **settings: Any) -> ingestion.Sources:
    """Return a sources file with the business unit and some of its streams (all by default)."""
    api = CLIENT | {
        "url": vendor.url,
        "token_url": f"{vendor.url}/services/oauth2/token",
        "business_unit_id": BUSINESS_UNIT,
        "timeout_seconds": 0.3,
    }
    asked = {"streams": streams} if streams else {}
    return company.sources({"name": "pardot", "system": "account_engagement", "api": api | asked | settings})


def counts(company: Company) -> dict[str, int]:
    """Return how many rows each stream has."""
    streams = ingestion.contract.systems()["account_engagement"].streams
    return {name: company.query(f"select count(*) from raw.account_engagement__{name}")[0][0] for name in streams}


def test_first_fetch_brings_all(company: Company, vendor: AccountEngagement) -> None:
    company.run(sources(company, vendor))

    assert counts(company) == {
        "prospects": 5,
        "visitor_activities": 1,
        "list_emails": 1,
        "email_templates": 1,
        "campaigns": 1,
        "forms": 1,
        "form_handlers": 1,
        "files": 1,
        "lists": 1,
        "list_memberships": 1,
    }
    assert company.query("select * from ops.quarantine") == []
    assert company.query("select * from ops.unknown_columns") == []


def test_next_night_asks_only_for_what_is_new(company: Company, vendor: AccountEngagement) -> None:
    found = sources(company, vendor, "prospects", "visitor_activities", "forms")
    company.run(found)
    first = counts(company)
    vendor.put("prospects", 3, LATER, email="3@example.com", isDeleted=True)
    vendor.put("visitor-activities", 2, LATER, type=11, prospectId=1, listEmailId=5)
    vendor.requests.clear()

    company.run(found, AS_OF + NIGHT)

    new = {name: count - first[name] for name, count in counts(company).items() if count > first[name]}
    assert new == {"prospects": 1, "visitor_activities": 1, "forms": 1}  # what is small comes whole each night
    assert company.raw("account_engagement__prospects", "id, isDeleted")[-1] == ("3", True)
    query = vendor.asked("prospects")[0].query
    assert query["updatedAtAfterOrEqualTo"] == (AS_OF - timedelta(minutes=5)).isoformat()
    assert query["updatedAtBeforeOrEqualTo"] == (AS_OF + NIGHT).isoformat()


def test_a_sequence_of_pages_that_ends_early_is_begun_anew(company: Company, vendor: AccountEngagement) -> None:
    vendor.longest_sequence = 2

    company.run(sources(company, vendor, "prospects"))

    emails = company.query("select distinct email from raw.account_engagement__prospects order by email")
    assert emails == [(f"{number}@example.com",) for number in range(1, 6)]


def test_more_changes_at_one_moment_than_a_sequence_gives(company: Company, vendor: AccountEngagement) -> None:
    vendor.longest_sequence = 2
    for number in range(1, 6):
        vendor.put("prospects", number, before(1))

    with pytest.raises(LeadmillError, match="more records of 2026-10-20T09:01:00"):
        company.run(sources(company, vendor, "prospects"))


def test_a_fetch_that_broke_off_goes_on(
    company: Company, vendor: AccountEngagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "CHUNK_BYTES", 1)
    found = sources(company, vendor, "prospects", overlap_minutes=0)
    vendor.fail("prospects", "status", after=2, times=9, answer=Answer(b"", 500))
    with pytest.raises(LeadmillError, match=r"pardot, prospects: .* 500"):
        company.run(found)
    vendor.faults.clear()
    vendor.requests.clear()

    company.run(found)

    assert vendor.asked("prospects")[0].query["updatedAtAfterOrEqualTo"] == before(2)
    emails = company.query("select distinct email from raw.account_engagement__prospects order by email")
    assert emails == [(f"{number}@example.com",) for number in range(1, 6)]


FAULTS: dict[str, dict[str, Any]] = {
    "too many requests": {"kind": "status", "answer": Answer({"code": 66, "message": "concurrent"}, 429)},
    "out of order": {"kind": "status", "answer": Answer(b"", 503), "times": 3},
    "cut": {"kind": "cut"},
    "slow": {"kind": "slow"},
    "token expired": {"kind": "status", "answer": Answer({"code": 184, "message": "access_token is invalid"}, 401)},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_midst_changes_nothing(company: Company, vendor: AccountEngagement, fault: str) -> None:
    vendor.fail("prospects", after=1, **FAULTS[fault])

    company.run(sources(company, vendor, "prospects"))

    assert vendor.faults == []
    assert sorted(company.raw("account_engagement__prospects", "id")) == [(str(number),) for number in range(1, 6)]
    assert len(vendor.asked("token")) == (2 if fault == "token expired" else 1)


def test_wrong_refresh_token(company: Company, vendor: AccountEngagement) -> None:
    found = sources(company, vendor, "prospects", refresh_token="revoked")  # noqa: S106

    with pytest.raises(InputError, match=r"POST /services/oauth2/token .* the credentials are refused") as caught:
        company.run(found)

    assert "revoked" not in str(caught.value)


def test_an_answer_of_another_shape_does_not_land(company: Company, vendor: AccountEngagement) -> None:
    vendor.fail("prospects", "status", answer=Answer({"message": "maintenance"}))

    with pytest.raises(LeadmillError, match="pardot, prospects"):
        company.run(sources(company, vendor, "prospects"))

    assert company.landed() == []


def test_a_field_that_is_retyped(company: Company, vendor: AccountEngagement) -> None:
    vendor.put("prospects", 6, before(6), email="6@example.com", score="hot")

    result = company.run(sources(company, vendor, "prospects"))

    assert (result.rows_loaded, result.rows_quarantined) == (5, 1)
    assert company.query("select column_name, reason from ops.quarantine") == [
        ("score", "column score: expected BIGINT")
    ]

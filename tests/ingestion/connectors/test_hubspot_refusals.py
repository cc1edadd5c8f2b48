"""What HubSpot's connector does not take for an answer, and does not ask."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import ingestion
from leadmill.errors import InputError, LeadmillError
from leadmill.steps import Night, extract
from tests.ingestion.connectors.hubspot_server import HubSpot
from tests.ingestion.connectors.server import Answer
from tests.ingestion.deliveries import AS_OF, Company

PATHS = {
    "contacts": "objects/contacts",
    "forms": "marketing/v3/forms",
    "form_submissions": "submissions/forms/f1",
    "email_events": "email/public",
    "lists": "lists/search",
}


@pytest.fixture
def vendor() -> Iterator[HubSpot]:
    """An account with one form and one workflow."""
    with HubSpot() as found:
        found.forms = [{"id": "f1", "name": "f1", "formType": "hubspot"}]
        found.workflows = [{"id": 60, "name": "Onboarding", "insertedAt": 1_790_000_000_000}]
        yield found


def sources(company: Company, vendor: HubSpot, *streams: str) -> ingestion.Sources:
    """Return a sources file with some streams of the account."""
    api = {"url": vendor.url, "token": vendor.issue(), "requests_per_second": 1000, "streams": streams}
    return company.sources({"name": "hubspot", "system": "hubspot", "api": api})


@pytest.mark.parametrize("stream", PATHS)
@pytest.mark.parametrize("answer", [[], {}, {"status": "down for maintenance"}])
def test_no_page_is_not_an_empty_page(company: Company, vendor: HubSpot, stream: str, answer: Any) -> None:
    vendor.fail(PATHS[stream], "status", answer=Answer(answer))

    with pytest.raises(LeadmillError, match=f"hubspot, {stream}: an answer came "):
        company.run(sources(company, vendor, stream, "workflows"))
    ingestion.load(company.home, AS_OF, lambda _: None)

    counts = [len(company.raw(f"hubspot__{name}")) for name in (stream, "workflows")]
    assert counts == [0, 1]


def test_an_api_is_not_asked_for_what_is_to_come(company: Company, vendor: HubSpot) -> None:
    found = sources(company, vendor, "workflows")

    with pytest.raises(InputError, match=r"source hubspot: as_of 2026-11-02T00:00:00\+09:00 lies ahead"):
        extract(Night(company.home, found, AS_OF + timedelta(days=1), started_at=AS_OF), "hubspot", print)

    assert vendor.requests == []
    told = extract(Night(company.home, found, AS_OF, started_at=AS_OF), "hubspot", print)
    assert told == "hubspot: 1 new file(s), 1 rows landed"

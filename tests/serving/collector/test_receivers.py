"""What HubSpot and Salesforce are asked, and how their answers are read."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from serving.collector.receivers import Answer
from tests.serving.collector.conftest import Site, submission, wait_until
from tests.serving.collector.tool import Reply, Taken, Tool

TOKEN = "a-token-of-hubspot"  # noqa: S105
CLIENT_SECRET = "a-secret-of-salesforce"  # noqa: S105


def hubspot(tool: Tool) -> dict[str, Any]:
    return {
        "to": "hubspot",
        "access_token": TOKEN,
        "url": tool.url,
        "fields": {"lastname": "last_name", "interest": "interest", "phone": "phone", "source_form": "form_id"},
    }


def salesforce(tool: Tool) -> dict[str, Any]:
    return {
        "to": "salesforce",
        "url": tool.url,
        "client_id": "id",
        "client_secret": CLIENT_SECRET,
        "fields": {"LastName": "last_name", "Company": "company"},
        "defaults": {"Company": "[not provided]", "LastName": "[not provided]"},
    }


def finished(site: Site) -> None:
    """Wait until nothing is on its way."""
    wait_until(lambda: site.outbox.counts()["waiting"] == 0)


def test_hubspot_gets_one_contact_by_its_address(open_site: Callable[..., Site], tool: Tool) -> None:
    site = open_site(forward=[hubspot(tool)])
    site.submit(submission())
    finished(site)

    [request] = tool.requests
    assert request.path == "/crm/objects/2026-03/contacts/batch/upsert"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    email = "hanako@example.co.jp"
    properties = {"email": email, "lastname": "山田", "interest": "price;demo", "source_form": "contact"}
    assert request.content == {"inputs": [{"id": email, "idProperty": "email", "properties": properties}]}


def test_salesforce_gets_one_lead_by_the_submissions_id(open_site: Callable[..., Site], tool: Tool) -> None:
    tool.reply = a_salesforce()
    site = open_site(forward=[salesforce(tool)])
    site.submit(submission(submission_id="s/1"))
    finished(site)

    token, lead = tool.requests
    assert token.body == f"grant_type=client_credentials&client_id=id&client_secret={CLIENT_SECRET}".encode()
    assert (lead.method, lead.headers["Authorization"]) == ("PATCH", "Bearer token-1")
    assert lead.path == "/services/data/v62.0/sobjects/Lead/Leadmill_Submission__c/s%2F1"
    assert lead.content == {"Email": "hanako@example.co.jp", "LastName": "山田", "Company": "[not provided]"}


def test_a_token_that_has_run_out_is_asked_for_anew(open_site: Callable[..., Site], tool: Tool) -> None:
    tool.reply = a_salesforce(valid_for=1)
    site = open_site(forward=[salesforce(tool)])
    for number in range(3):
        site.submit(submission(), key=str(number), at=site.clock.now.replace(second=number))
        finished(site)

    leads = [request.headers["Authorization"] for request in tool.requests if request.method == "PATCH"]
    assert leads == ["Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-2", "Bearer token-3"]
    assert site.outbox.counts() == {"waiting": 0, "dead": 0}


def a_salesforce(valid_for: int = 1000) -> Callable[[Taken], Reply]:
    """Return an organisation whose tokens are good for some requests."""
    tokens: dict[str, int] = {}

    def reply(request: Taken) -> Reply:
        if request.path == "/services/oauth2/token":
            tokens[f"token-{len(tokens) + 1}"] = valid_for
            return 200, {}, {"access_token": list(tokens)[-1]}
        token = request.headers["Authorization"].removeprefix("Bearer ")
        tokens[token] -= 1
        if tokens[token] < 0:
            return 401, {}, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
        return 204, {}, {}

    return reply


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ((201, {}, {}), Answer(True)),
        ((429, {"Retry-After": "7"}, {}), Answer(False, True, "429", 7.0)),
        ((503, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, {}), Answer(False, True, "503", 0.0)),
        ((503, {"Retry-After": "soon"}, {}), Answer(False, True, "503", None)),
        ((403, {}, {"category": "MISSING_SCOPES"}), Answer(False, True, "403 MISSING_SCOPES")),
        ((423, {}, {}), Answer(False, True, "423", None)),
        ((477, {"Retry-After": "3600"}, {}), Answer(False, True, "477", 3600.0)),
        ((400, {}, [{"errorCode": "UNABLE_TO_LOCK_ROW"}]), Answer(False, True, "400 UNABLE_TO_LOCK_ROW")),
        (
            (400, {}, {"category": "VALIDATION_ERROR", "message": "hanako@…"}),
            Answer(False, False, "400 VALIDATION_ERROR"),
        ),
        ((207, {}, {"errors": [{"category": "CONFLICT"}]}), Answer(False, False, "207 CONFLICT")),
        ((302, {"Location": "http://127.0.0.1:1"}, {}), Answer(False, False, "302")),
    ],
)
def test_answers(open_site: Callable[..., Site], tool: Tool, reply: Reply, answer: Answer) -> None:
    tool.reply = lambda _: reply
    [receiver] = open_site(forward=[hubspot(tool)]).receivers.values()

    assert receiver.send("s-1", submission()) == answer


def test_a_tool_that_is_away_is_asked_again(open_site: Callable[..., Site], tool: Tool) -> None:
    site = open_site(forward=[salesforce(tool) | {"url": "http://127.0.0.1:1"}])
    [receiver] = site.receivers.values()

    assert receiver.send("s-1", submission()) == Answer(False, True, "no token: ConnectionError")


def test_neither_secrets_nor_people_stand_in_logs_or_problems(
    open_site: Callable[..., Site], tool: Tool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tool.reply = lambda request: (400, {}, {"message": f"{request.body!r} {request.headers}"})
    site = open_site(forward=[hubspot(tool), salesforce(tool)])
    site.submit(submission())
    wait_until(lambda: site.outbox.counts()["dead"] == 2)

    told = f"{caplog.text} {site.outbox.unfinished()} {site.settings!r}"
    assert [row["problem"] for row in site.outbox.unfinished()] == ["400", "400"]
    for secret in (TOKEN, CLIENT_SECRET, "hanako"):
        assert secret not in told

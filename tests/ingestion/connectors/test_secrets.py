"""However a run of a connector fails, its secrets stand in no output, log, file or table."""

import contextlib
import json
import logging
import pkgutil
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dlt.common.runtime import anon_tracker
from pydantic import SecretStr

import expectations
import ingestion.connectors
from ingestion.contract import systems
from leadmill.command_line import main
from leadmill.errors import GateRefused, InputError
from tests.ingestion.connectors.hubspot_server import HubSpot
from tests.ingestion.connectors.server import Answer, Request, Vendor
from tests.ingestion.deliveries import AS_OF, Company

# What each connector needs beside its secrets; `token_url` is added where it has one.
CONNECTORS: dict[str, dict[str, Any]] = {
    "account_engagement": {"business_unit_id": "0Uv000000000001", "client_id": "client"},
    "google_ads": {"customer_ids": ["1234567890"], "client_id": "client"},
    "hubspot": {"client_id": "client"},
    "linkedin_ads": {"account_ids": ["1"], "client_id": "client"},
    "marketo": {"start_on": "2026-10-25", "client_id": "client"},
    "meta_ads": {"account_ids": ["1"]},
    "salesforce": {"client_id": "client"},
    "zoom_webinar": {"account_id": "account", "client_id": "client", "hosts": ["host"]},
}
EITHER = {"hubspot", "linkedin_ads"}  # a token of their own, or what renews one


class Echo(Vendor):
    """A vendor that gives tokens, and answers all else in one way, with every secret that it was sent."""

    has_open_paths = r"."
    way = "status 500"

    def answer(self, request: Request) -> Answer:
        if "token" in request.path.lower() and self.way != "refused":
            return Answer({"access_token": "token-MARKER-issued", "expires_in": 3600})
        told = {"error": f"{request.headers} {request.query} {request.body.decode()}"}
        return {
            "refused": Answer(told, 401, {"WWW-Authenticate": request.headers.get("Authorization", "none")}),
            "forbidden": Answer(told, 403),
            "status 500": Answer(told, 500),
            "status 400": Answer(told, 400),
            "no JSON": Answer(f"<html>{told}".encode()),
        }[self.way]


@pytest.fixture
def echo() -> Iterator[Echo]:
    """A vendor that tells all it knows."""
    with Echo() as vendor:
        yield vendor


def secrets_of(system: str) -> list[str]:
    """Return the settings of a connector that are secrets."""
    fields = ingestion.connectors.settings_of(system).model_fields.items()
    return [name for name, field in fields if field.annotation in {SecretStr, SecretStr | None}]


def settings(system: str, url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return settings with a marked secret behind an environment variable for each."""
    found = {"url": url, "timeout_seconds": 1} | CONNECTORS[system]
    if "token_url" in ingestion.connectors.settings_of(system).model_fields:
        found["token_url"] = f"{url}/oauth/token"
    for name in secrets_of(system):
        if system in EITHER and name == "token":
            continue
        monkeypatch.setenv(f"TEST_{name.upper()}", f"{name}-MARKER-%+/=")
        found[name] = f"${{TEST_{name.upper()}}}"
    return found


def run(company: Company, system: str, api: dict[str, Any], caplog: pytest.LogCaptureFixture) -> str:
    """Run a night that fails; return all that it said, logged and wrote."""
    sources = {"sources": [{"name": "vendor", "system": system, "api": api}]}
    places = ["--sources", str(company.folder / "sources.yml"), "--home", str(company.home.path)]
    (company.folder / "sources.yml").write_text(json.dumps(sources))
    with caplog.at_level(logging.DEBUG):
        result = CliRunner().invoke(main, ["nightly", *places, "--as-of", AS_OF.isoformat()])
    assert result.exit_code in {1, 2}, result.output
    assert "vendor" in result.output or "sources.yml" in result.output
    assert result.exc_info
    said = [result.output, caplog.text, *traceback.format_exception(result.exc_info[1])]
    return "\n".join([*said, *written(company)])


def written(company: Company) -> list[str]:
    """Return the content of each file of the home."""
    return [path.read_bytes().decode(errors="replace") for path in company.home.path.rglob("*") if path.is_file()]


def test_every_connector_is_among_them() -> None:
    modules = {module.name for module in pkgutil.iter_modules(ingestion.connectors.__path__)}

    assert set(CONNECTORS) == modules & set(systems())


@pytest.mark.parametrize("way", ["refused", "forbidden", "status 500", "status 400", "no JSON"])
@pytest.mark.parametrize("system", CONNECTORS)
def test_answers_that_tell_secrets(
    company: Company,
    echo: Echo,
    system: str,
    way: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    echo.way = way

    said = run(company, system, settings(system, echo.url, monkeypatch), caplog)

    said += "".join(capfd.readouterr())
    sent = {request.headers["Authorization"] for request in echo.requests if "Authorization" in request.headers}
    assert sent or "MARKER" in str(echo.requests)
    assert "MARKER" not in said
    assert not {header for header in sent if header.split()[-1] in said}  # the secrets of some are in Base64
    assert anon_tracker._ANON_TRACKER_ENDPOINT is None  # dlt tells its makers nothing


@pytest.mark.parametrize("system", CONNECTORS)
@pytest.mark.parametrize("fault", ["cut", "unreachable"])
def test_no_answer(
    company: Company,
    echo: Echo,
    system: str,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    echo.fail(".", "cut", times=100)
    url = echo.url if fault == "cut" else "http://127.0.0.1:9"

    said = run(company, system, settings(system, url, monkeypatch), caplog)

    assert "no whole answer from 127.0.0.1" in said
    assert "MARKER" not in said


@pytest.mark.parametrize("system", CONNECTORS)
def test_settings_are_shown_without_secrets(company: Company, system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    api = settings(system, "http://127.0.0.1:9", monkeypatch)

    found = company.sources({"name": "vendor", "system": system, "api": api})

    assert "MARKER" not in repr(found) + str(found.model_dump()) + found.model_dump_json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ["${TEST_TOKEN}"]},
        {"token": "x", "timeout_seconds": "${TEST_TOKEN}"},
        {"token": "x", "streams": ["${TEST_TOKEN}"]},
        {"token": "x", "start_on": "${TEST_TOKEN}"},
        {"tokn": "${TEST_TOKEN}"},
    ],
)
def test_wrong_settings(
    company: Company, wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEST_TOKEN", "token-MARKER")

    assert "MARKER" not in run(company, "hubspot", wrong, caplog)


@pytest.mark.parametrize("text", ["token: *token-MARKER", "token: !token-MARKER x", "token: 'a' token-MARKER: b\n - c"])
def test_a_sources_file_that_is_no_yaml(company: Company, text: str) -> None:
    path: Path = company.folder / "sources.yml"
    path.write_text(text)

    with pytest.raises(InputError, match="not valid YAML") as raised:
        ingestion.read_sources(path)

    assert "MARKER" not in "".join(traceback.format_exception(raised.value))


def test_the_rest_of_a_night(
    company: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Streams that came are loaded and checked: nothing about the source stands in ledger, quarantine or gate."""
    with HubSpot() as vendor:
        vendor.put("contacts", "1", "2026-10-20T00:00:00Z", hubspotscore="many")
        vendor.refresh_token = "refresh_token-MARKER-%+/="  # noqa: S105
        vendor.fail("workflows", "status", times=100, answer=Answer({}, 500))
        run(company, "hubspot", settings("hubspot", vendor.url, monkeypatch), caplog)

    ingestion.load(company.home, AS_OF, print)
    with contextlib.suppress(GateRefused):
        expectations.check(
            "raw", company.home, AS_OF, business_timezone="Asia/Tokyo", reporting_currency="JPY", progress=print
        )

    ledger = company.query("select stream, rows_in from ops.files"), company.query("select * from ops.quarantine")
    assert [len(rows) for rows in ledger] == [1, 1]
    assert list(company.home.gates.rglob("*.html"))
    assert "MARKER" not in str(ledger) + caplog.text + "".join(written(company))

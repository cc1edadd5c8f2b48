"""The tools that form submissions are handed to. Each takes the same submission twice without a second effect."""

from __future__ import annotations

import json
import re
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import requests

from ingestion import collector_settings
from serving.collector.signatures import signature

_TIMEOUT_SECONDS = (5.0, 30.0)  # to connect, to answer
_SALESFORCE_VERSION = "v62.0"
_HUBSPOT_VERSION = "2026-03"
_CODE = re.compile(r'"(?:category|errorCode|error)"\s*:\s*"([A-Za-z_]{3,60})"')

OK = range(200, 300)
MULTI_STATUS = 207
UNAUTHORISED = 401
# Worth another attempt: credentials are being renewed, the receiver is busy or broken, or HubSpot locked the account
# (423) or moves it (477). Any other answer stays as it is.
PASSING = {UNAUTHORISED, 403, 408, 423, 425, 429, 477, *range(500, 600)}
# Salesforce says with 400 that somebody else is just writing the record.
_PASSING_CODES = {"UNABLE_TO_LOCK_ROW"}


class Answer(NamedTuple):
    """How a receiver took a submission."""

    is_taken: bool
    is_passing: bool = False  # it did not, but may at another attempt
    problem: str | None = None  # without personal data or secrets
    retry_after_seconds: float | None = None


class Receiver(Protocol):
    """One tool."""

    def send(self, submission_id: str, submission: dict[str, Any]) -> Answer:
        """Hand a submission over; never raises for what the other side or the network does."""


def receiver_of(settings: collector_settings.Receiver) -> Receiver:
    """Return the receiver that settings describe."""
    match settings:
        case collector_settings.HubSpotReceiver():
            return HubSpot(settings)
        case collector_settings.SalesforceReceiver():
            return Salesforce(settings)
        case collector_settings.WebhookReceiver():
            return Webhook(settings)


class HubSpot:
    """Upserts a contact by its e-mail address."""

    def __init__(self, settings: collector_settings.HubSpotReceiver) -> None:
        self._settings = settings

    def send(self, submission_id: str, submission: dict[str, Any]) -> Answer:
        """Write the mapped fields to the contact."""
        del submission_id  # the address alone tells which contact it is
        email = submission["email"]
        properties = {"email": email} | _mapped(self._settings.fields, submission)
        return _asked(
            "POST",
            f"{self._settings.url}/crm/objects/{_HUBSPOT_VERSION}/contacts/batch/upsert",
            {"inputs": [{"id": email, "idProperty": "email", "properties": properties}]},
            {"Authorization": f"Bearer {self._settings.access_token.get_secret_value()}"},
        )


class Salesforce:
    """Upserts a lead by the external id field that holds the submission's id."""

    def __init__(self, settings: collector_settings.SalesforceReceiver) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._token: str | None = None

    def send(self, submission_id: str, submission: dict[str, Any]) -> Answer:
        """Write the mapped fields to the lead; a token that has run out is asked for anew once."""
        for is_last in (False, True):
            token = self._token or self._new_token()
            if isinstance(token, Answer):
                return token
            answer = _asked(
                "PATCH",
                f"{self._settings.url}/services/data/{_SALESFORCE_VERSION}/sobjects/Lead"
                f"/{self._settings.external_id_field}/{quote(submission_id, safe='')}",
                self._settings.defaults | {"Email": submission["email"]} | _mapped(self._settings.fields, submission),
                {"Authorization": f"Bearer {token}"},
            )
            if is_last or answer.problem is None or not answer.problem.startswith(str(UNAUTHORISED)):
                return answer
            self._token = None
        raise AssertionError("the last attempt returns")

    def _new_token(self) -> str | Answer:
        with self._lock:
            if self._token:
                return self._token
            try:
                response = requests.post(
                    f"{self._settings.url}/services/oauth2/token",
                    {
                        "grant_type": "client_credentials",
                        "client_id": self._settings.client_id,
                        "client_secret": self._settings.client_secret.get_secret_value(),
                    },
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
                if response.status_code not in OK:
                    return _answer(response)._replace(is_passing=True)  # refused credentials are mended by people
                self._token = str(response.json()["access_token"])
            except (requests.RequestException, ValueError, KeyError, TypeError) as error:
                return Answer(False, True, f"no token: {type(error).__name__}")
            return self._token


class Webhook:
    """Any other tool: the submission as it came, signed, under the submission's id."""

    def __init__(self, settings: collector_settings.WebhookReceiver) -> None:
        self._settings = settings

    def send(self, submission_id: str, submission: dict[str, Any]) -> Answer:
        """Post the submission."""
        body = json.dumps(submission, ensure_ascii=False).encode()
        timestamp = str(int(time.time()))
        return _asked(
            "POST",
            self._settings.url,
            body,
            {
                "Content-Type": "application/json",
                "Idempotency-Key": submission_id,
                "X-Leadmill-Timestamp": timestamp,
                "X-Leadmill-Signature": signature(self._settings.secret.get_secret_value(), timestamp, body),
            },
        )


def _asked(method: str, url: str, content: bytes | dict[str, Any], headers: dict[str, str]) -> Answer:
    is_json = isinstance(content, dict)
    try:
        response = requests.request(
            method,
            url,
            json=content if is_json else None,
            data=None if is_json else content,
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,  # neither secret nor person follows to another host
        )
    except requests.RequestException as error:
        return Answer(False, True, type(error).__name__)
    return _answer(response)


def _answer(response: requests.Response) -> Answer:
    if response.status_code in OK and response.status_code != MULTI_STATUS:
        return Answer(True)
    code = _CODE.search(response.text)  # the vendor's word for it; its sentences may quote the person
    problem = f"{response.status_code} {code.group(1)}" if code else str(response.status_code)
    is_passing = response.status_code in PASSING or (code is not None and code.group(1) in _PASSING_CODES)
    return Answer(False, is_passing, problem, _retry_after(response.headers.get("Retry-After")))


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which holds seconds or a date."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _mapped(fields: dict[str, str], submission: dict[str, Any]) -> dict[str, str]:
    """Return the receiver's fields that there is a value for, in the form's fields or beside them."""
    values = submission | submission["fields"]
    return {theirs: _as_text(values[ours]) for theirs, ours in fields.items() if values.get(ours) not in (None, "")}


def _as_text(value: object) -> str:
    """Return a value as both vendors take it: several choices with semicolons between."""
    if isinstance(value, list):
        return ";".join(_as_text(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

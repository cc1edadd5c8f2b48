"""What is Marketo's own in its API: errors with status 200, tokens that begin pages, and bulk extracts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests import Response

from ingestion.connectors.client import Api
from leadmill.errors import InputError, LeadmillError

_CODES = "https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/error-codes"
_REFUSED = {"600", "601", "602"}
_BUSY = {"502", "604", "606", "608", "611", "615", "713"}
_NOT_PERMITTED = "603"
_QUEUE_FULL = "1029"
UNSUPPORTED_FILTER = "1035"
_ADVICE = {
    "606": "too many calls in 20 seconds; lower `requests_per_second`",
    "607": "the day's calls are used up; run again after midnight, US Central time",
    "1029": "the day's bytes of extracts are used up; run again after midnight, US Central time",
}

_LONGEST_SPAN = timedelta(days=31)  # of the dates that an extract asks for


class MarketoError(LeadmillError):
    """An error that Marketo tells by a code of its own."""

    code = ""
    message = ""  # the vendor's own words, which are not told: they may hold what was sent


def is_refused(response: Response) -> bool:
    """Tell whether the answer asks for a new token."""
    return not _REFUSED.isdisjoint(error["code"] for error in _errors(response))


def is_busy(response: Response) -> bool:
    """Tell whether the answer is to be asked for again."""
    return not _BUSY.isdisjoint(error["code"] for error in _errors(response))


def checked(response: Response) -> Response:
    """Return an answer that succeeded.

    Raises:
        InputError: the API user lacks a permission.
        MarketoError: it did not succeed.
    """
    for found in _errors(response):
        told = f"{response.request.method} {response.request.path_url.partition('?')[0]}"
        if found["code"] == _NOT_PERMITTED:
            raise InputError(f"{told}: the API user's role lacks a permission; docs/connectors.md lists what it needs")
        error = MarketoError(f"{told}: Marketo error {found['code']}: {_ADVICE.get(found['code'], f'see {_CODES}')}")
        error.code, error.message = found["code"], str(found.get("message", ""))
        raise error
    if not response.json()["success"]:  # only what says so has succeeded, whatever else may be answered
        raise LeadmillError(f"{response.request.path_url.partition('?')[0]}: Marketo did not succeed; run again later")
    return response


def _errors(response: Response) -> list[dict[str, Any]]:
    if "json" not in response.headers.get("Content-Type", ""):
        return []
    try:
        return response.json().get("errors", []) if b'"errors"' in response.content else []
    except ValueError:  # cut; the client asks again
        return []


def moment(at: datetime) -> str:
    """Return a time as Marketo takes it: without parts of seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def spans(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield [since, until) in parts that an extract takes."""
    while since < until:
        end = min(since + _LONGEST_SPAN, until)
        yield since, end
        since = end


def pages_since(
    api: Api, path: str, since: datetime, params: dict[str, Any]
) -> Iterator[tuple[Response, list[dict[str, Any]]]]:
    """Yield the pages of a log from a moment on that hold anything, oldest first."""
    token = checked(api.get("/rest/v1/activities/pagingtoken.json", {"sinceDatetime": moment(since)})).json()
    asked = params | {"nextPageToken": token["nextPageToken"]}
    for response, records in api.pages(path, _LogPages(), records="result", params=asked):
        checked(response)
        if records:
            yield response, records


class _LogPages(JSONResponseCursorPaginator):
    """After the last page there is a token too; before it, a page may be empty."""

    def __init__(self) -> None:
        super().__init__("nextPageToken", "nextPageToken")

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        super().update_state(response, data)
        self._has_next_page = self._has_next_page and response.json().get("moreResult", False)


class Extracts:
    """Bulk extracts: a job is made, queued, waited for, and its file downloaded and held against its checksum."""

    def __init__(self, api: Api, poll_seconds: float, patience: timedelta) -> None:
        """Keep how often to ask for a job's state, and how long to wait for it."""
        self._api = api
        self._poll_seconds = poll_seconds
        self._polls = max(1, int(patience.total_seconds() / poll_seconds))

    def fetch(self, kind: str, request: dict[str, Any], target: Path) -> Path | None:
        """Extract records to a CSV file.

        Args:
            kind: leads, activities or program/members.
            request: fields and filter.
            target: where to write the file.

        Returns:
            The file; None if there is no record.

        Raises:
            MarketoError: the job was refused.
            LeadmillError: the job failed or took too long, or the file is not the one that it announced.
        """
        jobs = f"/bulk/v1/{kind}/export"
        job = self._result(self._api.post(f"{jobs}/create.json", request | {"format": "CSV"}))
        path = f"{jobs}/{job['exportId']}"
        self._enqueue(path)
        done = self._completed(path)
        if not done["numberOfRecords"]:
            return None
        self._api.download(f"{path}/file.json", target)
        with target.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if done["fileChecksum"] != f"sha256:{found}":
            raise LeadmillError(f"GET {path}/file.json: not the file that the job announced; run again")
        return target

    def _enqueue(self, path: str) -> None:
        for _ in range(self._polls):
            try:
                self._result(self._api.post(f"{path}/enqueue.json"))
            except MarketoError as error:
                # The same code tells that the day's bytes are used up: waiting does not help.
                if error.code != _QUEUE_FULL or "quota" in error.message.lower():
                    raise
                sleep(self._poll_seconds)
            else:
                return
        raise LeadmillError(f"POST {path}/enqueue.json: the queue of extracts stays full; run again later")

    def _completed(self, path: str) -> dict[str, Any]:
        for _ in range(self._polls):
            job = self._result(self._api.get(f"{path}/status.json"))
            if job["status"] == "Completed":
                return job
            if job["status"] in {"Failed", "Cancelled", "Canceled"}:
                raise LeadmillError(f"{path}: Marketo ended the extract as {job['status']}; run again")
            sleep(self._poll_seconds)
        raise LeadmillError(f"{path}: the extract is not ready in time; run again later, or raise `extract_hours`")

    @staticmethod
    def _result(response: Response) -> dict[str, Any]:
        found: dict[str, Any] = checked(response).json()["result"][0]
        return found

"""Query jobs of Salesforce's Bulk API 2.0: a query runs until its result is ready, which is then downloaded in parts.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_bulk_api_2_0.htm
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import NamedTuple

from requests import codes

from ingestion.connectors.client import AnswerError, Api
from leadmill.errors import LeadmillError

RESULT_ROWS = 100_000  # the most that one download gives
_NO_MORE = "null"  # is written in place of a locator


class JobLost(LeadmillError):
    """The result of a job is not to be had, but may be of another one: it failed, was aborted or deleted."""


class Part(NamedTuple):
    """A part of a job's result, and where the next one is."""

    file: Path
    next_locator: str | None


class Jobs:
    """Makes jobs, waits for them, and downloads what they give.

    None is deleted, as nobody knows here when its last part has landed: Salesforce does so after seven days.
    """

    def __init__(self, api: Api, root: str, poll_seconds: float, patience: timedelta) -> None:
        """Keep how often to ask for a job's state, and how long to wait for it.

        Args:
            api: the org's.
            root: path of the REST API; a job and its result want the same version.
            poll_seconds: between two looks at a job.
            patience: how long to look.
        """
        self._api = api
        self._path = f"{root}/jobs/query"
        self._poll_seconds = poll_seconds
        self._polls = max(1, int(patience.total_seconds() / poll_seconds))

    def create(self, soql: str) -> str:
        """Make a job, deleted and archived records included, and return its id."""
        asked = {"operation": "queryAll", "query": soql, "contentType": "CSV", "lineEnding": "LF"}
        return str(self._api.post(self._path, asked).json()["id"])

    def parts(self, job: str, locator: str | None, target: Path) -> Iterator[Part]:
        """Wait for a job and yield its result in files.

        Args:
            job: id of the job.
            locator: of the first part wanted; None for all of them.
            target: folder and begin of the name of each file.

        Raises:
            JobLost: the job failed, or it or its result is gone.
            LeadmillError: the job took too long, or the result can't be downloaded.
        """
        try:
            self._wait(job)
            number = 0
            while True:
                number += 1
                file = target.with_name(f"{target.name}.{job}.{number:06d}.csv")
                params = {"maxRecords": RESULT_ROWS} | ({"locator": locator} if locator else {})
                headers = self._api.download(f"{self._path}/{job}/results", file, params)
                locator = headers.get("Sforce-Locator", _NO_MORE)
                locator = None if locator == _NO_MORE else locator
                yield Part(file, locator)
                if locator is None:
                    return
        except AnswerError as error:
            if error.response is not None and error.response.status_code in {codes.bad_request, codes.not_found}:
                raise JobLost(str(error)) from None
            raise

    def _wait(self, job: str) -> None:
        for _ in range(self._polls):
            state = self._api.get(f"{self._path}/{job}").json()["state"]
            if state == "JobComplete":
                return
            if state in {"Failed", "Aborted"}:
                raise JobLost(f"Salesforce ended the bulk query as {state}")
            sleep(self._poll_seconds)
        raise LeadmillError("the bulk query is not ready in time; run again later, or raise `bulk_hours`")

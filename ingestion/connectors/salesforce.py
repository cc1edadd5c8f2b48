"""Salesforce: the objects of the contract, by the REST query resource, or by Bulk API 2.0 where it is much.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from pydantic import Field, SecretStr
from requests import PreparedRequest, Response

from ingestion import connectors
from ingestion.connectors import oauth
from ingestion.connectors.client import AnswerError, Api
from ingestion.connectors.salesforce_bulk import JobLost, Jobs
from ingestion.connectors.settings import Fetch, Fetched, Window
from ingestion.contract import Stream, systems
from leadmill.errors import InputError, LeadmillError

_log = logging.getLogger(__name__)

_OBJECTS = {
    "users": "User",
    "accounts": "Account",
    "contacts": "Contact",
    "leads": "Lead",
    "campaigns": "Campaign",
    "campaign_members": "CampaignMember",
    "opportunities": "Opportunity",
    "opportunity_field_history": "OpportunityFieldHistory",
    "tasks": "Task",
    "events": "Event",
}
# What happened, and grows for ever: a first fetch begins at `start_on`. Of the others it takes all there is.
_LOGS = {"opportunity_field_history", "tasks", "events"}
_ENVELOPE = "attributes"  # stands in each record of the REST API, and is no field of the object
_OVER_LIMIT = "REQUEST_LIMIT_EXCEEDED"
_LOCATOR_EXPIRED = "INVALID_QUERY_LOCATOR"
_TOO_MUCH = "QUERY_TIMEOUT"
_JOBS = 3  # that may be lost, one after the other
_ADVICE = {
    _OVER_LIMIT: "the org's requests of 24 hours, or those at one time, are used up; run again later",
    "INVALID_FIELD": "the query names a field that is not there; set `path:` of the contract's column to yours",
    "INVALID_TYPE": "the integration user may not read this object; give it the permission, or leave the stream out",
    "NOT_FOUND": "the integration user may not read this object; give it the permission, or leave the stream out",
}


class Settings(connectors.Settings):
    """Below `api:` of a Salesforce source: a connected app, with its own credentials or a user's refresh token."""

    url: str = "https://login.salesforce.com"  # where tokens are bought; each names the org's own address
    api_version: str = Field("v64.0", pattern=r"^v\d+\.0$")
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr | None = None  # without it the app's own credentials count, and `url` is the org's domain
    overlap_minutes: int = Field(15, ge=0)  # what a long transaction changes is seen when it ends
    bulk_from_rows: int = Field(50_000, ge=1)  # REST gives 2,000 a request
    poll_seconds: float = Field(10, gt=0)
    bulk_hours: float = Field(6, gt=0)  # after which a bulk query is given up

    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream is fetched."""
        api = Api(self, self._auth(), is_busy=lambda response: error_code(response) == _OVER_LIMIT)
        root = f"/services/data/{self.api_version}"
        jobs = Jobs(api, root, self.poll_seconds, timedelta(hours=self.bulk_hours))
        org = _Org(api, root, jobs, timedelta(minutes=self.overlap_minutes), self.bulk_from_rows)
        return {stream: _Object(org, stream, name).fetch for stream, name in _OBJECTS.items()}

    def _auth(self) -> OAuth2ClientCredentials:
        bought_with = (
            {"grant_type": "refresh_token", "refresh_token": self.refresh_token.get_secret_value()}
            if self.refresh_token
            else {}
        )
        return _ToInstance(
            access_token_url=f"{self.url}/services/oauth2/token",
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            access_token_request_data=bought_with,
            session=Api(self, is_refused=oauth.is_bad_grant).session,
        )


class _ToInstance(OAuth2ClientCredentials):
    """Signs requests, and sends them to the address of the org that came with the token."""

    instance_url: str | None = None

    def parse_access_token(self, response_json: Any) -> str:  # noqa: ANN401
        """Return the token of an answer, and keep the address beside it."""
        self.instance_url = response_json.get("instance_url")
        return super().parse_access_token(response_json)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        signed = super().__call__(request)
        if self.instance_url and signed.url:
            instance = urlsplit(self.instance_url)
            signed.url = urlsplit(signed.url)._replace(scheme=instance.scheme, netloc=instance.netloc).geturl()
        return signed


class _Org(NamedTuple):
    """How the org is asked."""

    api: Api
    root: str  # of the REST API
    jobs: Jobs
    overlap: timedelta
    bulk_from_rows: int


class _Span(NamedTuple):
    """Records to be fetched: what was changed from `since` on (None: whenever), before `until`."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True)
class _Object:
    """One object of the org, and the stream that it is.

    Cursors: a time; while a bulk query is being downloaded, JSON of the job, the next part, and what was asked.
    """

    org: _Org
    stream: str
    name: str

    def fetch(self, window: Window) -> Iterator[Fetched]:
        """Fetch what was changed in a window, deletions and archived records included.

        Raises:
            LeadmillError: Salesforce refuses, for a reason that it names.
        """
        try:
            yield from self._changed(window)
        except AnswerError as error:
            code = error_code(error.response)
            if code not in _ADVICE:
                raise
            kind = LeadmillError if code == _OVER_LIMIT else InputError
            raise kind(f"{self.name}: Salesforce answers {code}: {_ADVICE[code]}") from None

    def _changed(self, window: Window) -> Iterator[Fetched]:
        fields = self._fields()
        if window.cursor and window.cursor.startswith("{"):
            state = json.loads(window.cursor)
            left = _Span(
                datetime.fromisoformat(state["since"]) if state["since"] else None,
                datetime.fromisoformat(state["until"]),
            )
            yield from self._by_bulk(fields, left, window, (state["job"], state["locator"]))
            since: datetime | None = left.until - self.org.overlap
        elif window.is_first:
            since = window.start if self.stream in _LOGS else None
        else:
            since = window.since(self.org.overlap)
        span = _Span(since, window.until)
        yield from self._by_bulk(fields, span, window) if self._is_much(span) else self._by_page(fields, span)

    def _is_much(self, span: _Span) -> bool:
        try:
            counted = self.org.api.get(f"{self.org.root}/queryAll", {"q": self._soql(["COUNT()"], span)})
        except AnswerError as error:
            if error_code(error.response) != _TOO_MUCH:
                raise
            return True
        return bool(counted.json()["totalSize"] >= self.org.bulk_from_rows)

    def _by_bulk(
        self, fields: list[str], span: _Span, window: Window, left: tuple[str, str] | None = None
    ) -> Iterator[Fetched]:
        """Fetch by a job; a result comes in no order that tells how far it is.

        Args:
            fields: what of each record.
            span: which records.
            window: what they are fetched for.
            left: job and next part of a download that broke off.
        """
        jobs = self.org.jobs
        for _ in range(_JOBS):
            job, locator = left or (jobs.create(self._soql(fields, span)), None)
            left = None
            try:
                for part in jobs.parts(job, locator, window.scratch / self.name):
                    state = {
                        "job": job,
                        "locator": part.next_locator,
                        "since": span.since.isoformat() if span.since else None,
                        "until": span.until.isoformat(),
                    }
                    cursor = json.dumps(state) if part.next_locator else span.until.isoformat()
                    yield Fetched(part.file.name, part.file, cursor)
            except JobLost as error:
                _log.warning("%s: %s; asked again", self.name, error)
            else:
                return
        raise LeadmillError(f"{self.name}: {_JOBS} bulk queries failed, one after the other; run again later")

    def _by_page(self, fields: list[str], span: _Span) -> Iterator[Fetched]:
        since = span.since
        while True:
            reached = since
            soql = f"{self._soql(fields, _Span(since, span.until))} ORDER BY {self._time}, Id"
            try:
                for response, records in self._pages(soql):
                    last = str(records[-1][self._time])
                    reached = datetime.fromisoformat(last)
                    cursor = span.until.isoformat() if response.json()["done"] else last
                    yield Fetched(f"{self.name}.jsonl", response.content, cursor)
            except AnswerError as error:
                # Pages are kept for two days, and for ten queries of a user at a time.
                if error_code(error.response) != _LOCATOR_EXPIRED or reached == since:
                    raise
                since = reached
            else:
                return

    def _pages(self, soql: str) -> Iterator[tuple[Response, list[Any]]]:
        paginator = JSONLinkPaginator("nextRecordsUrl")
        found = self.org.api.pages(f"{self.org.root}/queryAll", paginator, records="records", params={"q": soql})
        return (page for page in found if page[1])

    def _soql(self, fields: list[str], span: _Span) -> str:
        begin = f"{self._time} >= {_literal(span.since)} AND " if span.since else ""
        return f"SELECT {', '.join(fields)} FROM {self.name} WHERE {begin}{self._time} < {_literal(span.until)}"

    def _fields(self) -> list[str]:
        """Return the contract's fields that the org has and the user may read; the others are told."""
        described = self.org.api.get(f"{self.org.root}/sobjects/{self.name}/describe").json()["fields"]
        known = {field["name"] for field in described} | {field["relationshipName"] for field in described}
        columns = self._contract.columns.items()
        needed = {column.path or name: column.required for name, column in columns if name != _ENVELOPE}
        missing = [field for field in needed if field.partition(".")[0] not in known]
        if required := [field for field in missing if needed[field]]:
            raise InputError(f"{self.name}: the integration user may not read {', '.join(required)}; let it")
        if missing:
            _log.warning("%s: asked without %s: not there, or not to be read by the user", self.name, missing)
        return [field for field in needed if field not in missing]

    @property
    def _contract(self) -> Stream:
        return systems()["salesforce"].streams[self.stream]

    @property
    def _time(self) -> str:
        return str(self._contract.version_column or self._contract.time_column)


def error_code(response: Response | None) -> str | None:
    """Return Salesforce's own code of an answer that tells an error."""
    if response is None or response.ok:
        return None
    try:
        code = response.json()[0]["errorCode"]
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return code if isinstance(code, str) else None


def _literal(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

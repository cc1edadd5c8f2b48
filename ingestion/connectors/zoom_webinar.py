"""Zoom webinars: who registered, who came and for how long, what they answered.

https://developers.zoom.us/docs/api/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from pydantic import Field, SecretStr
from requests import Response, codes

from ingestion import connectors
from ingestion.connectors import oauth
from ingestion.connectors.client import AnswerError, Api
from ingestion.connectors.settings import Fetch, Fetched, Window
from leadmill.errors import LeadmillError

_PAGE = 300
_NO_REGISTRATION = 300  # Zoom's own code, below status 400


class Settings(connectors.Settings):
    """Below `api:` of a Zoom source: a server-to-server app of the account."""

    url: str = "https://api.zoom.us"
    token_url: str = "https://zoom.us/oauth/token"  # noqa: S105
    requests_per_second: float | None = Field(5, gt=0)  # reports are Zoom's heaviest kind: 10 a second on small plans
    account_id: str
    client_id: str
    client_secret: SecretStr
    hosts: list[str] = Field(min_length=1)  # who hold webinars: user ids or addresses
    restatement_days: int = Field(7, ge=0)  # how long after a webinar its survey is still answered

    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream is fetched."""
        auth = oauth.by_account(self, self.token_url, self.account_id, self.client_id, self.client_secret)
        zoom = _Zoom(Api(self, auth), self.hosts, timedelta(days=self.restatement_days))
        return {
            "scheduled_webinars": zoom.scheduled_webinars,
            "webinar_reports": zoom.webinar_reports,
            "registrants": zoom.registrants,
            "panelists": zoom.panelists,
            "participants": zoom.participants,
            "survey_answers": zoom.survey_answers,
            "poll_answers": zoom.poll_answers,
        }


class _Session(NamedTuple):
    """One time that a webinar was held."""

    webinar_id: int
    uuid: str
    started_at: datetime

    @property
    def path(self) -> str:
        """The session's report. Zoom wants a UUID with these slashes encoded twice."""
        encoded = quote(self.uuid, safe="")
        is_ambiguous = self.uuid.startswith("/") or "//" in self.uuid
        return f"/v2/report/webinars/{quote(encoded) if is_ambiguous else encoded}"

    @property
    def file(self) -> str:
        """A file name that tells the webinar, as the contract wants it, and the session."""
        return f"{self.webinar_id}-{self.uuid.translate(str.maketrans('/+', '_-')).rstrip('=')}.jsonl"


@dataclass
class _Zoom:
    """Asks for the webinars of the hosts, and for what there is of each."""

    api: Api
    hosts: list[str]
    restated: timedelta
    _lists: list[Response] = field(default_factory=list)
    _sessions: dict[int, list[_Session]] = field(default_factory=dict)

    def scheduled_webinars(self, window: Window) -> Iterator[Fetched]:
        for page in self._listed():
            yield Fetched("scheduled_webinars.jsonl", page.content)

    def webinar_reports(self, window: Window) -> Iterator[Fetched]:
        for session in self._held(window):
            response = self.api.get(session.path)
            if response.json()["uuid"]:  # only a report lands, whatever else may be answered
                yield Fetched(f"webinar_reports/{session.file}", response.content)

    def registrants(self, window: Window) -> Iterator[Fetched]:
        for webinar_id in self._open(window):
            path = f"/v2/webinars/{webinar_id}/registrants"
            yield from self._files(f"registrants/{webinar_id}.jsonl", path, "registrants", status="approved")

    def panelists(self, window: Window) -> Iterator[Fetched]:
        for webinar_id in self._open(window):
            yield from self._files(f"panelists/{webinar_id}.jsonl", f"/v2/webinars/{webinar_id}/panelists", "panelists")

    def participants(self, window: Window) -> Iterator[Fetched]:
        for session in self._held(window):
            path = f"{session.path}/participants"
            file = f"participants/{session.file}"
            yield from self._files(file, path, "participants", include_fields="registrant_id")

    def survey_answers(self, window: Window) -> Iterator[Fetched]:
        for session in self._held(window):
            yield from self._files(f"survey_answers/{session.file}", f"{session.path}/survey", "survey_answers")

    def poll_answers(self, window: Window) -> Iterator[Fetched]:
        for session in self._held(window):
            yield from self._files(f"poll_answers/{session.file}", f"{session.path}/polls", "questions")

    def _files(self, file: str, path: str, records: str, **params: str) -> Iterator[Fetched]:
        """Yield the pages that hold records; none where Zoom has no such thing, as of a webinar without a survey."""
        try:
            for page in self._pages(path, records, **params):
                yield Fetched(file, page.content)
        except AnswerError as error:
            if not _is_absent(error):
                raise

    def _pages(self, path: str, records: str, **params: str) -> Iterator[Response]:
        pages = self.api.pages(
            path,
            JSONResponseCursorPaginator(cursor_path="next_page_token", cursor_param="next_page_token"),
            records=records,
            params={"page_size": _PAGE, **params},
        )
        return (response for response, _ in pages if response.json()[records])

    def _listed(self) -> list[Response]:
        """Return the pages of the hosts' webinars: those to come, and those of the last thirty days."""
        if not self._lists:
            self._lists = [page for number in range(len(self.hosts)) for page in self._listed_by(number)]
        return self._lists

    def _listed_by(self, number: int) -> Iterator[Response]:
        host = quote(self.hosts[number], safe="")
        try:
            yield from self._pages(f"/v2/users/{host}/webinars", "webinars", type="scheduled")
        except LeadmillError as error:
            # Errors tell the path, and this one may hold somebody's address.
            raise type(error)(str(error).replace(host, f"hosts.{number}")) from None

    def _held(self, window: Window) -> list[_Session]:
        """Return the sessions that the window asks for, those whose answers may still come in included."""
        since = window.since(self.restated)
        return [
            session
            for webinar in self._webinars()
            for session in self._sessions_of(webinar["id"])
            if session.started_at < window.until and (since is None or session.started_at >= since)
        ]

    def _open(self, window: Window) -> list[int]:
        """Return the webinars that are to come, or have a session that the window asks for."""
        held = {session.webinar_id for session in self._held(window)}
        return [webinar["id"] for webinar in self._webinars() if webinar["id"] in held or _is_to_come(webinar, window)]

    def _webinars(self) -> list[dict[str, Any]]:
        """Return the hosts' webinars, each once: one with fixed repetitions is listed for each of them."""
        listed = (webinar for page in self._listed() for webinar in page.json()["webinars"])
        return list({webinar["id"]: webinar for webinar in listed}.values())

    def _sessions_of(self, webinar_id: int) -> list[_Session]:
        if webinar_id not in self._sessions:
            try:
                held = self.api.get(f"/v2/past_webinars/{webinar_id}/instances").json()["webinars"]
            except AnswerError as error:
                if not _is_absent(error):
                    raise
                held = []  # it was never held
            self._sessions[webinar_id] = [
                _Session(webinar_id, one["uuid"], datetime.fromisoformat(one["start_time"])) for one in held
            ]
        return self._sessions[webinar_id]


def _is_to_come(webinar: dict[str, Any], window: Window) -> bool:
    """Tell whether a webinar may be held after the window; one that recurs without fixed times has no start."""
    planned_at = webinar.get("start_time")
    return planned_at is None or datetime.fromisoformat(planned_at) >= window.until


def _is_absent(error: AnswerError) -> bool:
    """Tell whether Zoom answers that the webinar has no such thing."""
    if error.response is None:
        return False
    status = error.response.status_code
    return status == codes.not_found or (
        status == codes.bad_request and bool(error.response.json().get("code") == _NO_REGISTRATION)
    )

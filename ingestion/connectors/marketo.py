"""Marketo Engage: long histories by bulk extracts, the rest by the REST API.

https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/rest-api
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator, OffsetPaginator
from pydantic import Field, SecretStr
from requests import Response

from ingestion import connectors
from ingestion.connectors import marketo_api as vendor
from ingestion.connectors import oauth
from ingestion.connectors.client import Api
from ingestion.connectors.settings import Fetch, Fetched, Window
from ingestion.contract import systems

_Item = TypeVar("_Item")

# What the seed event_names lists, and: created, changed values, list joins and leaves, merges, deletions.
_ACTIVITY_TYPES = (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 22, 24, 25, 27, 32, 37)
_CHANGES = (12, 13, 22)
_MOST_TYPES = 10  # of activities that one request takes
_MOST_IDS = 300  # of leads likewise
_MOST_PROGRAMS = 10  # whose members one extract takes
_PAGE = 300
_ASSET_PAGE = 200
# A longer log comes by extracts: in pages of 300 it would take the calls of days.
_SHORT = timedelta(days=2)


class Settings(connectors.Settings):
    """Below `api:` of a Marketo source: the address of the instance, and the client of a custom service."""

    url: str  # https://123-ABC-456.mktorest.com
    requests_per_second: float | None = Field(4, gt=0)  # Marketo allows 100 in 20 seconds
    start_on: date  # extracts are made month by month: there is no 'all'
    client_id: str
    client_secret: SecretStr
    overlap_minutes: int = Field(15, ge=0)  # activities are logged some minutes late
    poll_seconds: float = Field(60, gt=0)  # Marketo renews an extract's state once a minute
    extract_hours: float = Field(6, gt=0)  # after which an extract is given up

    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream is fetched."""
        api = Api(self, self._auth(), is_refused=vendor.is_refused, is_busy=vendor.is_busy)
        extracts = vendor.Extracts(api, self.poll_seconds, timedelta(hours=self.extract_hours))
        overlap = timedelta(minutes=self.overlap_minutes)
        return {
            "programs": partial(_assets, api, "programs"),
            "emails": partial(_assets, api, "emails"),
            "forms": partial(_assets, api, "forms"),
            "leads": partial(_leads, api, extracts, overlap),
            "activities": partial(_activities, api, extracts, overlap),
            "deleted_leads": partial(_deleted_leads, api, overlap),
            "lists": partial(_lists, api),
            "list_memberships": partial(_list_memberships, api),
            "program_members": partial(_program_members, api, extracts),
        }

    def _auth(self) -> OAuth2ClientCredentials:
        return OAuth2ClientCredentials(
            access_token_url=f"{self.url}/identity/oauth/token",
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            session=Api(self, is_refused=oauth.is_bad_grant).session,
        )


class _Span(NamedTuple):
    """Leads to be extracted: who was created, or changed, from `since` to `until`."""

    filter: str
    since: datetime
    until: datetime
    cursor: str  # of the stream, once they have come


def _spans(window: Window, overlap: timedelta) -> Iterator[_Span]:
    """Yield the spans that are left of a window: of creation up to the first fetch, of change since then.

    A first fetch that broke off has what it left as its cursor: an interval, as ISO 8601 writes it. A backfill wants
    both of the same days.
    """
    first, _, last = (window.cursor or "").partition("/")
    start = datetime.fromisoformat(first) if first else window.start
    fetched_first = datetime.fromisoformat(last or first) if first else window.until
    for since, until in vendor.spans(start or fetched_first, fetched_first):
        left = "" if until == fetched_first else f"{until.isoformat()}/"
        yield _Span("createdAt", since, until, f"{left}{fetched_first.isoformat()}")
    changed_since = start if start and window.is_backfill else fetched_first - overlap
    if window.is_backfill or fetched_first < window.until:
        for since, until in vendor.spans(changed_since, window.until):
            yield _Span("updatedAt", since, until, until.isoformat())


def _leads(api: Api, extracts: vendor.Extracts, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    fields = _known_fields(api)
    for span in _spans(window, overlap):
        target = window.scratch / f"leads_{span.filter}_{span.since:%Y%m%d%H%M%S}.csv"
        asked = {span.filter: {"startAt": vendor.moment(span.since), "endAt": vendor.moment(span.until)}}
        try:
            file = extracts.fetch("leads", {"fields": fields, "filter": asked}, target)
        except vendor.MarketoError as error:
            if error.code != vendor.UNSUPPORTED_FILTER:
                raise
            yield from _changed_leads(api, fields, span.since)
            return
        if file:
            yield Fetched(file.name, file, span.cursor)


def _changed_leads(api: Api, fields: list[str], since: datetime) -> Iterator[Fetched]:
    """Ask for each lead that the log tells to be new or changed, where a subscription has no filter by change."""
    ids = {
        str(activity["leadId"])
        for _, activities in vendor.pages_since(api, "/rest/v1/activities.json", since, _types(_CHANGES))
        for activity in activities
    }
    for some in _batches(sorted(ids), _MOST_IDS):
        params = {"filterType": "id", "filterValues": ",".join(some), "fields": ",".join(fields), "batchSize": _PAGE}
        yield Fetched("leads.jsonl", vendor.checked(api.get("/rest/v1/leads.json", params)).content)


def _known_fields(api: Api) -> list[str]:
    """Return the contract's fields that the instance has: custom ones may be another's, and a job refuses those."""
    described = vendor.checked(api.get("/rest/v1/leads/describe.json")).json()["result"]
    known = {field["rest"]["name"] for field in described if "rest" in field}
    return [field for field in _fields("leads") if field in known]


def _fields(stream: str) -> list[str]:
    return [column.path or name for name, column in systems()["marketo"].streams[stream].columns.items()]


def _activities(api: Api, extracts: vendor.Extracts, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    start = window.since(overlap) or window.until
    if window.is_backfill or window.until - start > _SHORT:
        for since, until in vendor.spans(start, window.until):
            created = {"startAt": vendor.moment(since), "endAt": vendor.moment(until)}
            asked = {"createdAt": created, "activityTypeIds": list(_ACTIVITY_TYPES)}
            target = window.scratch / f"activities_{since:%Y%m%d%H%M%S}.csv"
            if file := extracts.fetch("activities", {"filter": asked}, target):
                yield Fetched(file.name, file, until.isoformat())
        return
    for types in _batches(_ACTIVITY_TYPES, _MOST_TYPES):
        for response, _ in vendor.pages_since(api, "/rest/v1/activities.json", start, _types(types)):
            yield Fetched("activities.jsonl", response.content)


def _types(types: Iterable[int]) -> dict[str, Any]:
    return {"activityTypeIds": ",".join(map(str, types)), "batchSize": _PAGE}


def _deleted_leads(api: Api, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    start = window.since(overlap) or window.until
    for response, _ in vendor.pages_since(api, "/rest/v1/activities/deletedleads.json", start, {"batchSize": _PAGE}):
        yield Fetched("deleted_leads.jsonl", response.content)


def _assets(api: Api, kind: str, window: Window) -> Iterator[Fetched]:
    for response, _ in _asset_pages(api, kind):
        yield Fetched(f"{kind}.jsonl", response.content)


def _asset_pages(api: Api, kind: str) -> Iterator[tuple[Response, list[dict[str, Any]]]]:
    paginator = OffsetPaginator(_ASSET_PAGE, limit_param="maxReturn", total_path=None)
    for response, assets in api.pages(f"/rest/asset/v1/{kind}.json", paginator, records="result"):
        vendor.checked(response)
        if assets:
            yield response, assets


def _lists(api: Api, window: Window) -> Iterator[Fetched]:
    for response, _ in _list_pages(api, "/rest/v1/lists.json"):
        yield Fetched("lists.jsonl", response.content)


def _list_memberships(api: Api, window: Window) -> Iterator[Fetched]:
    """Fetch who stands on each list, once: the log tells who joins and leaves from then on."""
    if not window.is_first:
        return
    for _, lists in _list_pages(api, "/rest/v1/lists.json"):
        for found in lists:
            for response, _ in _list_pages(api, f"/rest/v1/lists/{found['id']}/leads.json", fields="id"):
                yield Fetched(f"list_memberships/{found['id']}.jsonl", response.content)


def _list_pages(api: Api, path: str, **params: str) -> Iterator[tuple[Response, list[dict[str, Any]]]]:
    paginator = JSONResponseCursorPaginator("nextPageToken", "nextPageToken")
    for response, records in api.pages(path, paginator, records="result", params=params | {"batchSize": _PAGE}):
        vendor.checked(response)
        if records:
            yield response, records


def _program_members(api: Api, extracts: vendor.Extracts, window: Window) -> Iterator[Fetched]:
    """Extract the members of engagement programs, which are step mails."""
    programs = [
        program["id"]
        for _, page in _asset_pages(api, "programs")
        for program in page
        if program["type"].lower() in {"engagement", "nurture"}
    ]
    for number, some in enumerate(_batches(programs, _MOST_PROGRAMS), start=1):
        request = {"fields": _fields("program_members"), "filter": {"programIds": some}}
        if file := extracts.fetch("program/members", request, window.scratch / f"program_members_{number}.csv"):
            yield Fetched(file.name, file)


def _batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    return (items[at : at + size] for at in range(0, len(items), size))

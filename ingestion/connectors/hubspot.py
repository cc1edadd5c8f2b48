"""HubSpot: CRM objects, forms, e-mail events, lists and workflows, as its public API gives them.

Endpoints and their limits: https://developers.hubspot.com/docs/api-reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dlt.sources.helpers.rest_client.auth import BearerTokenAuth, OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from pydantic import Field, SecretStr, model_validator
from requests import Response

from ingestion import connectors
from ingestion.connectors import oauth
from ingestion.connectors.client import Api
from ingestion.connectors.settings import Fetch, Fetched, Window
from ingestion.contract import systems

_OBJECTS = {"contacts": "lastmodifieddate", "companies": "hs_lastmodifieddate"}  # and the property of their last change
_CONTACTS = "0-1"  # HubSpot's id of the type of object

# The most records that each endpoint gives at once.
_LISTED = 100
_SEARCHED = 200
_SUBMISSIONS = 50
_EVENTS = 1000
_LISTS = 500
_MEMBERSHIPS = 250
_EVENT_SLICE = timedelta(days=1)  # events come latest first: only a slice that is whole has a safe cursor

_Pages = Iterator[tuple[Response, list[Any]]]


class Settings(connectors.Settings):
    """Below `api:` of a HubSpot source: a private app's token, or the refresh token of an OAuth app."""

    url: str = "https://api.hubapi.com"
    requests_per_second: float | None = Field(5, gt=0)  # of search requests an account
    token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    overlap_minutes: int = Field(15, ge=0)  # HubSpot's search and event log show a change some minutes late

    @model_validator(mode="after")
    def _one_way_in(self) -> Settings:
        oauth = (self.client_id, self.client_secret, self.refresh_token)
        if (self.token is None) == (None in oauth):
            raise ValueError("set `token` of a private app, or `client_id`, `client_secret` and `refresh_token`")
        return self

    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream is fetched."""
        api = Api(self, self._auth())
        overlap = timedelta(minutes=self.overlap_minutes)
        return {name: partial(_objects, api, name, overlap) for name in _OBJECTS} | {
            "forms": partial(_forms, api),
            "form_submissions": partial(_form_submissions, api, overlap),
            "marketing_emails": partial(_marketing_emails, api, overlap),
            "email_events": partial(_email_events, api, overlap),
            "lists": partial(_lists, api),
            "list_memberships": partial(_list_memberships, api, overlap),
            "workflows": partial(_workflows, api),
        }

    def _auth(self) -> BearerTokenAuth | OAuth2ClientCredentials:
        if not (self.client_id and self.client_secret and self.refresh_token):
            return BearerTokenAuth(self.token.get_secret_value() if self.token else "")
        return oauth.by_refresh_token(
            self, f"{self.url}/oauth/v1/token", self.client_id, self.client_secret, self.refresh_token
        )


def _objects(api: Api, name: str, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    """Fetch CRM objects: first all of them, then what has changed, and each time what was archived (deleted).

    Cursors: a time; while the first list is under way, JSON of the page to go on with and of when the list began, as
    it shows no change that came after a page.
    """
    if window.is_first:
        yield from _archived(api, name, since=None)
        yield from _listed(api, name, None, window.until)
        return
    if window.cursor and window.cursor.startswith("{"):
        state = json.loads(window.cursor)
        began_at = datetime.fromisoformat(state["began_at"])
        yield from _listed(api, name, state["after"], began_at)
        since: datetime | None = began_at - overlap
    else:
        since = window.since(overlap)
    yield from _archived(api, name, since)
    for response, _ in _searched(api, name, since, window.until):
        yield Fetched(f"{name}.jsonl", response.content)


def _listed(api: Api, name: str, after: str | None, began_at: datetime) -> Iterator[Fetched]:
    for response, _ in _list(api, name, archived=False, after=after):
        next_page = response.json().get("paging", {}).get("next")
        unfinished = next_page and json.dumps({"after": next_page["after"], "began_at": began_at.isoformat()})
        yield Fetched(f"{name}.jsonl", response.content, unfinished or began_at.isoformat())


def _archived(api: Api, name: str, since: datetime | None) -> Iterator[Fetched]:
    """Fetch the pages that have something archived since a moment; HubSpot keeps them for 90 days."""
    for response, records in _list(api, name, archived=True):
        if since is None or any(datetime.fromisoformat(record["archivedAt"]) >= since for record in records):
            yield Fetched(f"{name}.jsonl", response.content)


def _list(api: Api, name: str, *, archived: bool, after: str | None = None) -> _Pages:
    params = {"limit": _LISTED, "properties": ",".join(_properties(name)), "archived": str(archived).lower()}
    if after:
        params["after"] = after
    return _paged(api, f"/crm/v3/objects/{name}", params)


def _searched(api: Api, name: str, since: datetime | None, until: datetime) -> _Pages:
    """Search for what was changed in [since, until), in the order of ids.

    A search gives 10,000 results at most, however it is paged: the next page is asked for by the last id instead.
    """
    last_id = "0"
    while True:
        filters = [
            {"propertyName": _OBJECTS[name], "operator": "GTE", "value": _milliseconds(since) if since else 0},
            {"propertyName": _OBJECTS[name], "operator": "LT", "value": _milliseconds(until)},
            {"propertyName": "hs_object_id", "operator": "GT", "value": last_id},
        ]
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": _properties(name),
            "limit": _SEARCHED,
        }
        response = api.post(f"/crm/v3/objects/{name}/search", body)
        records = response.json()["results"]
        if records:
            yield response, records
        if len(records) < _SEARCHED:
            return
        last_id = records[-1]["id"]


def _properties(name: str) -> list[str]:
    """Return the properties that the contract names: HubSpot gives only those that are asked for."""
    columns = systems()["hubspot"].streams[name].columns.values()
    return [column.path.removeprefix("properties.") for column in columns if column.path]


def _forms(api: Api, _window: Window) -> Iterator[Fetched]:
    for response, _ in _form_pages(api):
        yield Fetched("forms.jsonl", response.content)


def _form_pages(api: Api) -> _Pages:
    """List the forms of all types: without asking, pop-ups and those captured from other pages are left out."""
    return _paged(api, "/marketing/v3/forms", {"limit": _LISTED, "formTypes": "all"})


def _form_submissions(api: Api, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    """Fetch each form's submissions, which come latest first, back to the window's begin."""
    since = window.since(overlap)
    forms = [form["id"] for _, found in _form_pages(api) for form in found]
    for form in forms:
        path = f"/form-integrations/v1/submissions/forms/{form}"
        for response, records in _paged(api, path, {"limit": _SUBMISSIONS}):
            times = [record["submittedAt"] for record in records]
            if since and max(times) < _milliseconds(since):
                break
            if min(times) < _milliseconds(window.until):
                yield Fetched(f"form_submissions/{form}.jsonl", response.content)


def _marketing_emails(api: Api, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    since = None if window.is_first else window.since(overlap)
    changed = {"updatedAfter": since.isoformat()} if since else {}
    for response, _ in _paged(api, "/marketing/v3/emails", {"limit": _LISTED} | changed):
        yield Fetched("marketing_emails.jsonl", response.content)


def _email_events(api: Api, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    """Fetch the event log day by day: its end is inclusive, and within a day it goes from late to early."""
    since = window.since(overlap)
    while since is None or since < window.until:
        end = min(since + _EVENT_SLICE, window.until) if since else window.until
        params = {"limit": _EVENTS, "endTimestamp": _milliseconds(end) - 1}
        if since:
            params["startTimestamp"] = _milliseconds(since)
        paginator = JSONResponseCursorPaginator("offset", "offset", has_more_path="hasMore")
        for response, _ in api.pages("/email/public/v1/events", paginator, records="events", params=params):
            if response.json()["events"]:
                cursor = None if response.json()["hasMore"] else end.isoformat()
                yield Fetched("email_events.jsonl", response.content, cursor)
        since = end


def _lists(api: Api, _window: Window) -> Iterator[Fetched]:
    for response, _ in _list_pages(api):
        yield Fetched("lists.jsonl", response.content)


def _list_memberships(api: Api, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    """Fetch who stands on each list of contacts to which somebody was added since the last time."""
    since = None if window.is_first else window.since(overlap)
    for found in [found for _, lists in _list_pages(api) for found in lists if found["objectTypeId"] == _CONTACTS]:
        added_at = found.get("additionalProperties", {}).get("hs_last_record_added_at")
        if since is None or (added_at and int(added_at) >= _milliseconds(since)):
            path = f"/crm/v3/lists/{found['listId']}/memberships"
            for response, _ in _paged(api, path, {"limit": _MEMBERSHIPS}):
                yield Fetched(f"list_memberships/{found['listId']}.jsonl", response.content)


def _list_pages(api: Api) -> _Pages:
    paginator = JSONResponseCursorPaginator("offset", cursor_body_path="offset", has_more_path="hasMore")
    body = {"offset": 0, "count": _LISTS}
    found = api.pages("/crm/v3/lists/search", paginator, records="lists", method="POST", json=body)
    return (page for page in found if page[0].json()["lists"])


def _workflows(api: Api, _window: Window) -> Iterator[Fetched]:
    yield Fetched("workflows.jsonl", api.get("/automation/v3/workflows").content)


def _paged(api: Api, path: str, params: dict[str, Any]) -> _Pages:
    """Yield the pages that have records; what has no list of them is no page, and must not pass for an empty one."""
    paginator = JSONResponseCursorPaginator("paging.next.after", "after")
    return (page for page in api.pages(path, paginator, records="results", params=params) if page[0].json()["results"])


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

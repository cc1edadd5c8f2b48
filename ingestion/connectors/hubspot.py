"""HubSpot: CRM objects, forms, e-mail events, lists and workflows, as its public API gives them.

Endpoints and their limits: https://developers.hubspot.com/docs/api-reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from dlt.sources.helpers.rest_client.auth import BearerTokenAuth, OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from pydantic import Field, SecretStr, model_validator
from requests import Response

from ingestion import connectors
from ingestion.connectors.client import Api
from ingestion.connectors.settings import Fetch, Fetched, Window
from ingestion.contract import systems

_LIST_PAGE = 100  # most objects that a list endpoint gives at once
_SEARCH_PAGE = 200
_SUBMISSION_PAGE = 50
_EVENT_PAGE = 1000
_MEMBERSHIP_PAGE = 250
_SLICE = timedelta(days=1)  # of events, which come latest first: a slice that is whole has a safe cursor


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
        return {
            "contacts": partial(_objects, api, _Objects("contacts", "lastmodifieddate"), overlap),
            "companies": partial(_objects, api, _Objects("companies", "hs_lastmodifieddate"), overlap),
        }

    def _auth(self) -> BearerTokenAuth | OAuth2ClientCredentials:
        if not (self.client_id and self.client_secret and self.refresh_token):
            return BearerTokenAuth(self.token.get_secret_value() if self.token else "")
        return OAuth2ClientCredentials(
            access_token_url=f"{self.url}/oauth/v1/token",
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            access_token_request_data={
                "grant_type": "refresh_token",
                "refresh_token": self.refresh_token.get_secret_value(),
            },
            session=Api(self).session,
        )


class _Objects(NamedTuple):
    name: str
    modified: str  # property with the time of the last change

    @property
    def properties(self) -> list[str]:
        """The properties that the contract names: HubSpot gives only those that are asked for."""
        columns = systems()["hubspot"].streams[self.name].columns.values()
        return [column.path.removeprefix("properties.") for column in columns if column.path]


def _objects(api: Api, objects: _Objects, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    """Fetch CRM objects: all of them first, then what has changed, and each time what was archived."""
    file = f"{objects.name}.jsonl"
    since = None if window.is_first else window.since(overlap)
    listing = partial(_list, api, objects)
    pages = listing("false") if since is None else _search(api, objects, since, window.until)
    for response, _ in pages:
        yield Fetched(file, response.content)
    for response, records in listing("true"):
        if since is None or any(datetime.fromisoformat(record["archivedAt"]) >= since for record in records):
            yield Fetched(file, response.content)


def _list(api: Api, objects: _Objects, archived: str) -> Iterator[tuple[Response, list[Any]]]:
    params = {"limit": _LIST_PAGE, "properties": ",".join(objects.properties), "archived": archived}
    yield from _filled(api.pages(f"/crm/v3/objects/{objects.name}", _after(), records="results", params=params))


def _search(api: Api, objects: _Objects, since: datetime, until: datetime) -> Iterator[tuple[Response, list[Any]]]:
    """Search for what was changed in [since, until), in the order of ids.

    A search gives 10,000 results at most, however it is paged: the next page is asked for by the last id instead.
    """
    last_id = 0
    while True:
        filters = [
            {"propertyName": objects.modified, "operator": "GTE", "value": _milliseconds(since)},
            {"propertyName": objects.modified, "operator": "LT", "value": _milliseconds(until)},
            {"propertyName": "hs_object_id", "operator": "GT", "value": last_id},
        ]
        response = api.post(
            f"/crm/v3/objects/{objects.name}/search",
            {
                "filterGroups": [{"filters": filters}],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": objects.properties,
                "limit": _SEARCH_PAGE,
            },
        )
        records = response.json()["results"]
        if not records:
            return
        yield response, records
        last_id = records[-1]["id"]


def _filled(pages: Iterator[tuple[Response, list[Any]]]) -> Iterator[tuple[Response, list[Any]]]:
    return (page for page in pages if page[1])


def _after() -> JSONResponseCursorPaginator:
    return JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_param="after")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

"""Salesforce Account Engagement (Pardot), version 5 of its API.

https://developer.salesforce.com/docs/marketing/pardot/guide/version5overview.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from pydantic import Field, SecretStr
from requests import Response

from ingestion import connectors
from ingestion.connectors import oauth
from ingestion.connectors.client import Api
from ingestion.connectors.settings import Fetch, Fetched, Window
from ingestion.contract import systems
from leadmill.errors import LeadmillError

_PAGE = 1000
# In place of the next page after 100,000 records: 'Record count for nextPageToken sequence has been exceeded'.
_ENDS_EARLY = "203"


class Settings(connectors.Settings):
    """Below `api:` of an Account Engagement source: a business unit, and the refresh token of a connected app."""

    url: str = "https://pi.pardot.com"
    token_url: str = "https://login.salesforce.com/services/oauth2/token"  # noqa: S105
    business_unit_id: str = Field(pattern=r"^0Uv\w{12}(\w{3})?$")
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr
    overlap_minutes: int = Field(5, ge=0)  # queries are answered from a cache that is a minute old at most

    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream is fetched."""
        auth = oauth.by_refresh_token(self, self.token_url, self.client_id, self.client_secret, self.refresh_token)
        api = Api(self, auth, headers={"Pardot-Business-Unit-Id": self.business_unit_id})
        overlap = timedelta(minutes=self.overlap_minutes)
        return {stream: partial(_records, api, objects, overlap) for stream, objects in _OBJECTS.items()}


class _Objects(NamedTuple):
    """One kind of object: its stream, and what queries of it take."""

    stream: str
    is_ordered: bool = True  # by the time of change, and filtered by it; the others come whole each time
    has_recycle_bin: bool = True

    @property
    def path(self) -> str:
        return f"/api/v5/objects/{self.stream.replace('_', '-')}"

    @property
    def fields(self) -> str:
        """What the contract names: a query gives only fields that are asked for."""
        columns = systems()["account_engagement"].streams[self.stream].columns
        return ",".join(column.path or name for name, column in columns.items())


_OBJECTS = {
    objects.stream: objects
    for objects in (
        _Objects("prospects"),
        _Objects("visitor_activities", has_recycle_bin=False),
        _Objects("list_emails"),
        _Objects("email_templates", is_ordered=False, has_recycle_bin=False),
        _Objects("campaigns"),
        _Objects("forms", is_ordered=False),
        _Objects("form_handlers", is_ordered=False),
        _Objects("files", is_ordered=False, has_recycle_bin=False),
        _Objects("lists"),
        _Objects("list_memberships", has_recycle_bin=False),
    )
}


def _records(api: Api, objects: _Objects, overlap: timedelta, window: Window) -> Iterator[Fetched]:
    file = f"{objects.stream}.jsonl"
    if not objects.is_ordered:
        for response, _ in _pages(api, objects, {}):
            yield Fetched(file, response.content)
        return
    begin, until = window.since(overlap), window.until.isoformat()
    since = begin.isoformat() if begin else None
    while True:
        reached, ends_early = since, False
        for response, records in _pages(api, objects, _changed(since, until)):
            reached = str(records[-1]["updatedAt"])
            ends_early = response.headers.get("Pardot-Warning", "").startswith(_ENDS_EARLY)
            is_last = not ends_early and not response.json().get("nextPageToken")
            yield Fetched(file, response.content, until if is_last else reached)
        if not ends_early:
            return
        if reached == since:
            raise LeadmillError(f"more records of {reached} than a query gives; narrow the stream, or ask the vendor")
        since = reached


def _changed(since: str | None, until: str) -> dict[str, Any]:
    """Return the part of a query that asks for what was changed in a window, in the order of change."""
    params = {"orderBy": "updatedAt ASC", "updatedAtBeforeOrEqualTo": until}
    return params | ({"updatedAtAfterOrEqualTo": since} if since else {})


def _pages(api: Api, objects: _Objects, params: dict[str, Any]) -> Iterator[tuple[Response, list[Any]]]:
    asked = {"fields": objects.fields, "limit": _PAGE} | params
    if objects.has_recycle_bin:
        asked["deleted"] = "all"
    # The address of the next page says all that may stand beside its token.
    paginator = JSONLinkPaginator(next_url_path="nextPageUrl")
    for response, records in api.pages(objects.path, paginator, records="values", params=asked):
        if response.json()["values"]:  # only a page lands, whatever else may be answered
            yield response, records

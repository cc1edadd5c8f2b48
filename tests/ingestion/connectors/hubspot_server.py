"""HubSpot's API on loopback, by its public documentation: pages, limits, orders, and what each endpoint leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from tests.ingestion.connectors.server import Answer, Request, Vendor

MODIFIED = {"contacts": "lastmodifieddate", "companies": "hs_lastmodifieddate"}


class HubSpot(Vendor):
    """One account: change its records, then have it asked."""

    has_open_paths = r"^/oauth/v1/token$"
    search_limit = 10_000  # results of one search, over all its pages

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, dict[str, Any]]] = {"contacts": {}, "companies": {}}
        self.forms: list[dict[str, Any]] = []
        self.submissions: dict[str, list[dict[str, Any]]] = {}
        self.emails: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.lists: list[dict[str, Any]] = []
        self.memberships: dict[str, list[dict[str, Any]]] = {}
        self.workflows: list[dict[str, Any]] = []
        self.refresh_token = "refresh-1"  # noqa: S105 (of a fake)

    def put(self, name: str, object_id: str, at: str, /, **properties: Any) -> None:
        """Create an object, or change it; `at` is the ISO 8601 time of the change."""
        former = self.objects[name].get(object_id)
        self.objects[name][object_id] = {
            "id": object_id,
            "createdAt": former["createdAt"] if former else at,
            "updatedAt": at,
            "archived": False,
            "properties": (former["properties"] if former else {})
            | properties
            | {MODIFIED[name]: at, "hs_object_id": object_id},
        }

    def archive(self, name: str, object_id: str, at: str) -> None:
        """Delete an object as HubSpot does."""
        self.objects[name][object_id] |= {"archived": True, "archivedAt": at}

    def merge(self, name: str, winner: str, loser: str, at: str) -> None:
        """Merge an object into another: the loser is not found any more, the winner names it."""
        del self.objects[name][loser]
        self.put(name, winner, at, hs_merged_object_ids=loser)

    def answer(self, request: Request) -> Answer:
        """Answer as the endpoint does."""
        for pattern, answered in self._endpoints().items():
            if found := re.fullmatch(pattern, request.path):
                return answered(request, *found.groups())
        return Answer({"message": "resource not found"}, 404)

    def _endpoints(self) -> dict[str, Callable[..., Answer]]:
        return {
            r"/oauth/v1/token": lambda request: self._token(request.form()),
            r"/crm/v3/objects/(\w+)": lambda request, name: self._list(name, request.query),
            r"/crm/v3/objects/(\w+)/search": lambda request, name: self._search(name, request.json()),
            r"/marketing/v3/forms": lambda request: self._forms(request.query),
            r"/form-integrations/v1/submissions/forms/([\w-]+)": self._submissions,
            r"/marketing/v3/emails": lambda request: self._emails(request.query),
            r"/email/public/v1/events": lambda request: self._events(request.query),
            r"/crm/v3/lists/search": lambda request: self._lists(request.json()),
            r"/crm/v3/lists/(\d+)/memberships": self._memberships,
            r"/automation/v3/workflows": lambda _: Answer({"workflows": self.workflows}),
        }

    def _forms(self, query: dict[str, str]) -> Answer:
        wanted = query.get("formTypes", "hubspot")
        return _page([one for one in self.forms if wanted in {"all", one["formType"]}], query, most=100)

    def _submissions(self, request: Request, form: str) -> Answer:
        latest_first = sorted(self.submissions.get(form, []), key=lambda one: -one["submittedAt"])
        return _page(latest_first, request.query, most=50)

    def _memberships(self, request: Request, list_id: str) -> Answer:
        by_record = sorted(self.memberships.get(list_id, []), key=lambda one: int(one["recordId"]))
        return _page(by_record, request.query, most=250)

    def _emails(self, query: dict[str, str]) -> Answer:
        after = query.get("updatedAfter", "0001-01-01T00:00:00+00:00")
        return _page([one for one in self.emails if _time(one["updatedAt"]) >= _time(after)], query, most=100)

    def _token(self, form: dict[str, str]) -> Answer:
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != self.refresh_token:
            return Answer({"status": "BAD_REFRESH_TOKEN"}, 400)
        return Answer({"access_token": self.issue(), "expires_in": 1800, "token_type": "bearer"})

    def _list(self, name: str, query: dict[str, str]) -> Answer:
        is_archived = query.get("archived") == "true"
        found = [one for one in self._in_order(name) if one["archived"] == is_archived]
        return _page([_with(one, query.get("properties", "").split(",")) for one in found], query, most=100)

    def _search(self, name: str, body: dict[str, Any]) -> Answer:
        start, limit = int(body.get("after", 0)), body.get("limit", 10)
        if limit > 200 or start + limit > self.search_limit:
            return Answer({"category": "VALIDATION_ERROR"}, 400)
        filters = body["filterGroups"][0]["filters"]
        assert body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        found = [one for one in self._in_order(name) if not one["archived"] and _fits(one, filters)]
        answer: dict[str, Any] = {
            "total": len(found),
            "results": [_with(one, body["properties"]) for one in found[start : start + limit]],
        }
        if len(found) > start + limit:
            answer["paging"] = {"next": {"after": str(start + limit)}}
        return Answer(answer)

    def _in_order(self, name: str) -> Iterator[dict[str, Any]]:
        return iter(sorted(self.objects[name].values(), key=lambda one: int(one["id"])))

    def _events(self, query: dict[str, str]) -> Answer:
        start, end = int(query.get("startTimestamp", 0)), int(query.get("endTimestamp", 1 << 60))
        at, limit = int(query.get("offset", "0")), int(query.get("limit", 10))
        found = [one for one in self.events if start <= one["created"] <= end]
        page = sorted(found, key=lambda one: -one["created"])[at : at + limit]
        return Answer({"hasMore": len(found) > at + limit, "offset": str(at + len(page)), "events": page})

    def _lists(self, body: dict[str, Any]) -> Answer:
        at, count = body["offset"], body.get("count", 20)
        page = self.lists[at : at + count]
        return Answer(
            {
                "lists": page,
                "hasMore": len(self.lists) > at + count,
                "offset": at + len(page),
                "total": len(self.lists),
            }
        )


def _page(records: list[dict[str, Any]], query: dict[str, str], most: int) -> Answer:
    """Return a page of records; its `after` is the number of records that came before."""
    at, limit = int(query.get("after", 0)), int(query.get("limit", 10))
    if limit > most:
        return Answer({"category": "VALIDATION_ERROR"}, 400)
    answer: dict[str, Any] = {"results": records[at : at + limit]}
    if len(records) > at + limit:
        answer["paging"] = {"next": {"after": str(at + limit), "link": "https://api.hubapi.com/…"}}
    return Answer(answer)


def _with(record: dict[str, Any], properties: list[str]) -> dict[str, Any]:
    """Return an object with the properties that were asked for, and those that always come."""
    always = {*MODIFIED.values(), "hs_object_id"}
    wanted = {name: value for name, value in record["properties"].items() if name in {*properties, *always}}
    return record | {"properties": wanted}


def _fits(record: dict[str, Any], filters: list[dict[str, Any]]) -> bool:
    return all(_passes(record["properties"][one["propertyName"]], one["operator"], one["value"]) for one in filters)


def _passes(value: str, operator: str, wanted: int | str) -> bool:
    number = int(_time(value).timestamp() * 1000) if "T" in value else int(value)
    return {"GTE": number >= int(wanted), "LT": number < int(wanted), "GT": number > int(wanted)}[operator]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""A fake Account Engagement: the rules of its API, version 5, as documented."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.ingestion.connectors.server import Answer, Request, Vendor

Record = dict[str, Any]

BUSINESS_UNIT = "0Uv000000000001CAA"
CLIENT = {"client_id": "client", "client_secret": "the client's secret", "refresh_token": "the refresh token"}
_RECYCLED = {"prospects", "list-emails", "campaigns", "forms", "form-handlers", "lists"}
_UNORDERED = {"forms", "form-handlers", "files", "email-templates"}
_OF_QUERIES = {"fields", "limit", "orderBy", "deleted", "updatedAtAfterOrEqualTo", "updatedAtBeforeOrEqualTo"}


class AccountEngagement(Vendor):
    """A business unit, and Salesforce's endpoint for tokens."""

    has_open_paths = "^/services/oauth2/token$"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, list[Record]] = {}
        self.page_size = 2
        self.longest_sequence = 100_000
        self.sequences: list[tuple[list[Record], int]] = []

    def put(self, kind: str, record_id: int, updated_at: str, **fields: Any) -> None:
        """Create or change a record."""
        kept = [one for one in self.objects.get(kind, []) if one["id"] != record_id]
        times = {"createdAt": updated_at, "updatedAt": updated_at}
        self.objects[kind] = [*kept, {"id": record_id, "isDeleted": False} | times | fields]

    def refusal(self) -> Answer:
        return Answer({"code": 184, "message": "access_token is invalid, unknown, or malformed"}, 401)

    def answer(self, request: Request) -> Answer:
        if request.path == "/services/oauth2/token":
            is_good = request.form() == CLIENT | {"grant_type": "refresh_token"}
            return Answer({"access_token": self.issue()}) if is_good else Answer({"error": "invalid_grant"}, 400)
        if request.headers.get("Pardot-Business-Unit-Id") != BUSINESS_UNIT:
            return Answer({"code": 181, "message": "Business Unit ID not found"}, 400)
        kind, query = request.path.removeprefix("/api/v5/objects/"), request.query
        if "fields" not in query or not self._may_ask(kind, query):
            return Answer({"code": 51, "message": "Invalid parameter"}, 400)
        if "nextPageToken" in query:
            records, first = self.sequences[int(query["nextPageToken"])]
        else:
            records, first = self._found(kind, query), 0
        return self._page(request, records, first)

    def _may_ask(self, kind: str, query: dict[str, str]) -> bool:
        if "nextPageToken" in query:
            return query.keys() == {"fields", "nextPageToken"}
        allowed = _OF_QUERIES - (set() if kind in _RECYCLED else {"deleted"})
        if kind in _UNORDERED:
            allowed = {name for name in allowed if not name.startswith(("orderBy", "updatedAt"))}
        return query.keys() <= allowed

    def _found(self, kind: str, query: dict[str, str]) -> list[Record]:
        found = self.objects.get(kind, [])
        if query.get("deleted") != "all":
            found = [one for one in found if not one["isDeleted"]]
        if since := query.get("updatedAtAfterOrEqualTo"):
            found = [one for one in found if at(one["updatedAt"]) >= at(since)]
        if until := query.get("updatedAtBeforeOrEqualTo"):
            found = [one for one in found if at(one["updatedAt"]) <= at(until)]
        if query.get("orderBy") == "updatedAt ASC":
            return sorted(found, key=lambda one: at(one["updatedAt"]))
        return found

    def _page(self, request: Request, records: list[Record], first: int) -> Answer:
        after = first + self.page_size
        fields = request.query["fields"].split(",")
        body: Record = {
            "nextPageToken": None,
            "nextPageUrl": None,
            "values": [{name: one.get(name) for name in fields} for one in records[first:after]],
        }
        headers = {}
        if after < len(records) and after >= self.longest_sequence:
            headers["Pardot-Warning"] = "203;Record count for nextPageToken sequence has been exceeded."
        elif after < len(records):
            self.sequences.append((records, after))
            token = str(len(self.sequences) - 1)
            query = urlencode({"fields": request.query["fields"], "nextPageToken": token})
            body |= {"nextPageToken": token, "nextPageUrl": f"{self.url}{request.path}?{query}"}
        return Answer(body, headers=headers)


def at(text: str) -> datetime:
    """Return a time of the API."""
    return datetime.fromisoformat(text)

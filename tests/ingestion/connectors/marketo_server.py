"""A fake Marketo: its rules as documented for the REST API and for bulk extracts."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.ingestion.connectors.server import Answer, Request, Vendor

Record = dict[str, Any]

CLIENT = {"client_id": "client", "client_secret": "the client's secret"}


def at(text: str) -> datetime:
    """Return a time of the API."""
    return datetime.fromisoformat(text)


class Marketo(Vendor):
    """An instance. Errors have status 200; a job is done at the second look at it."""

    has_open_paths = "^/identity/"

    def __init__(self) -> None:
        super().__init__()
        self.fields = {"id", "email", "firstName", "createdAt", "updatedAt", "numberOfEmployees"}
        self.leads: dict[int, Record] = {}
        self.activities: list[Record] = []
        self.assets: dict[str, list[Record]] = {"programs": [], "emails": [], "forms": []}
        self.lists: dict[int, list[int]] = {}
        self.members: list[Record] = []
        self.jobs: dict[str, Record] = {}
        self.log_tokens: list[tuple[datetime, int]] = []
        self.log_page = 2
        self.has_filter_by_change = True
        self.job_status = "Completed"

    def put(self, lead_id: int, updated_at: str, **fields: Any) -> None:
        """Create or change a lead; the log tells of it."""
        kind = 13 if lead_id in self.leads else 12
        created_at = self.leads.get(lead_id, {}).get("createdAt", updated_at)
        self.leads[lead_id] = {"id": lead_id, "createdAt": created_at, "updatedAt": updated_at} | fields
        self.log(kind, lead_id, updated_at)

    def log(self, kind: int, lead_id: int, moment: str, **attributes: Any) -> None:
        """Log an activity."""
        number = len(self.activities) + 1
        self.activities.append(
            {
                "id": number,
                "marketoGUID": str(number),
                "leadId": lead_id,
                "activityDate": moment,
                "activityTypeId": kind,
                "attributes": [{"name": name.replace("_", " "), "value": text} for name, text in attributes.items()],
            }
        )

    def refusal(self) -> Answer:
        return error("602", "Access token expired")

    def answer(self, request: Request) -> Answer:
        routes: dict[str, Callable[..., Answer]] = {
            "/identity/oauth/token": self._issue,
            r"/rest/v1/leads/describe\.json": self._describe,
            r"/rest/v1/leads\.json": self._leads_by_id,
            r"/rest/v1/activities/pagingtoken\.json": self._paging_token,
            r"/rest/v1/activities(/deletedleads)?\.json": self._log,
            r"/rest/asset/v1/(\w+)\.json": self._assets,
            r"/rest/v1/lists\.json": lambda _: result([{"id": found, "name": str(found)} for found in self.lists]),
            r"/rest/v1/lists/(\d+)/leads\.json": self._members_of_list,
            r"/bulk/v1/([\w/]+)/export/create\.json": self._create,
            r"/bulk/v1/[\w/]+/export/([\w-]+)/(\w+)\.json": self._job,
        }
        for pattern, route in routes.items():
            if found := re.fullmatch(pattern, request.path):
                return route(request, *found.groups())
        return error("610", "Requested resource not found")

    def _issue(self, request: Request) -> Answer:
        if not CLIENT.items() <= request.form().items():
            return Answer({"error": "invalid_client"}, 401)
        return Answer({"access_token": self.issue(), "expires_in": 3599})

    def _describe(self, _: Request) -> Answer:
        return result([{"id": 1, "displayName": name, "rest": {"name": name}} for name in sorted(self.fields)])

    def _leads_by_id(self, request: Request) -> Answer:
        fields = request.query["fields"].split(",")
        asked = [self.leads[int(found)] for found in request.query["filterValues"].split(",")]
        return result([{name: lead.get(name) for name in fields} for lead in asked])

    def _paging_token(self, request: Request) -> Answer:
        return Answer({"success": True, "nextPageToken": self._token(at(request.query["sinceDatetime"]), 0)})

    def _assets(self, request: Request, kind: str) -> Answer:
        first = int(request.query["offset"])
        page = self.assets[kind][first : first + int(request.query["maxReturn"])]
        return result(page) if page else Answer({"success": True, "warnings": ["No assets found"]})

    def _members_of_list(self, _: Request, list_id: str) -> Answer:
        return result([{"id": lead_id} for lead_id in self.lists[int(list_id)]])

    def _token(self, since: datetime, offset: int) -> str:
        self.log_tokens.append((since, offset))
        return f"TOKEN{len(self.log_tokens) - 1}"

    def _log(self, request: Request, deletions: str | None) -> Answer:
        """Answer with a page of the log, which is empty where it tells of other types only."""
        query = request.query
        since, offset = self.log_tokens[int(query["nextPageToken"].removeprefix("TOKEN"))]
        types = {37} if deletions else {int(kind) for kind in query["activityTypeIds"].split(",")}
        if len(types) > 10:
            return error("1003", "at most ten activity types")
        found = [activity for activity in self.activities if at(activity["activityDate"]) >= since]
        page = [one for one in found[offset : offset + self.log_page] if one["activityTypeId"] in types]
        more = offset + self.log_page < len(found)
        body = {"success": True, "moreResult": more, "nextPageToken": self._token(since, offset + self.log_page)}
        return Answer(body | ({"result": page} if page else {}))

    def _job(self, _: Request, job_id: str, verb: str) -> Answer:
        job = self.jobs[job_id]
        if verb == "file":
            return Answer(job["content"].encode(), headers={"Content-Type": "text/csv"})
        if verb == "enqueue":
            job["status"] = "Queued"
        elif job["status"] == "Queued":
            job["status"] = "Processing"
        else:
            checksum = hashlib.sha256(job["content"].encode()).hexdigest()
            job |= {"status": self.job_status, "numberOfRecords": job["rows"], "fileChecksum": f"sha256:{checksum}"}
        return result([{name: value for name, value in job.items() if name != "content"}])

    def _create(self, request: Request, kind: str) -> Answer:
        asked = request.json()
        for name, span in asked["filter"].items():
            if name == "updatedAt" and not self.has_filter_by_change:
                return error("1035", "Unsupported filter type for target subscription: updatedAt")
            if name.endswith("At") and at(span["endAt"]) - at(span["startAt"]) > timedelta(days=31):
                return error("1003", "date range of more than 31 days")
        records = self._extracted(kind, asked["filter"])
        if kind == "leads" and (unknown := set(asked["fields"]) - self.fields):
            return error("1006", f"Field '{min(unknown)}' not found")
        names = asked.get("fields") or ["marketoGUID", "leadId", "activityDate", "activityTypeId", "attributes"]
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(names)
        writer.writerows([cell(record.get(name)) for name in names] for record in records)
        job_id = f"job-{len(self.jobs)}"
        self.jobs[job_id] = {
            "exportId": job_id,
            "status": "Created",
            "rows": len(records),
            "content": text.getvalue(),
        }
        return result([{"exportId": job_id, "status": "Created"}])

    def _extracted(self, kind: str, asked: Record) -> list[Record]:
        if kind == "program/members":
            return [member for member in self.members if member["programId"] in asked["programIds"]]
        name, span = next((name, span) for name, span in asked.items() if name.endswith("At"))
        is_in = lambda text: at(span["startAt"]) <= at(text) <= at(span["endAt"])  # noqa: E731
        if kind == "leads":
            return [lead for lead in self.leads.values() if is_in(lead[name])]
        of_types = [one for one in self.activities if one["activityTypeId"] in asked["activityTypeIds"]]
        return [
            one | {"attributes": {pair["name"]: pair["value"] for pair in one["attributes"]}}
            for one in of_types
            if is_in(one["activityDate"])
        ]


def cell(value: Any) -> str:
    """Return a value as an extract has it."""
    return "null" if value is None else value if isinstance(value, str) else json.dumps(value)


def result(records: list[Record]) -> Answer:
    """Return an answer that succeeded."""
    return Answer({"requestId": "1", "success": True, "result": records})


def error(code: str, message: str) -> Answer:
    """Return an answer that did not succeed, as Marketo tells it."""
    return Answer({"requestId": "1", "success": False, "errors": [{"code": code, "message": message}]})

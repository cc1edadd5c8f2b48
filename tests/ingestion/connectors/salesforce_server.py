"""A fake Salesforce: queryAll with its pages, query jobs of Bulk API 2.0, describe and tokens, as documented."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.ingestion.connectors.server import Answer, Request, Vendor

Record = dict[str, Any]

CLIENT = {"client_id": "client", "client_secret": "the client's secret"}
REFRESH_TOKEN = "the refresh token"  # noqa: S105
ROOT = "/services/data/v64.0"
STAMPED = {"Id", "CreatedDate", "SystemModstamp"}
FIELDS = {
    "User": STAMPED | {"Name", "Email", "IsActive", "Daily_Capacity__c", "UserRole"},
    "Lead": STAMPED | {"IsDeleted", "MasterRecordId", "LastName", "Email", "Company", "NumberOfEmployees", "OwnerId"},
    "Opportunity": STAMPED | {"IsDeleted", "Name", "StageName", "Amount", "CloseDate"},
    "OpportunityFieldHistory": {"Id", "IsDeleted", "OpportunityId", "Field", "OldValue", "NewValue", "CreatedDate"},
}


class Salesforce(Vendor):
    """An org; objects that are not in `fields` may not be read. A job is done at the second look at it."""

    has_open_paths = "^/services/oauth2/"

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, set[str]] = {name: set(fields) for name, fields in FIELDS.items()}
        self.records: dict[str, dict[str, Record]] = {name: {} for name in FIELDS}
        self.page = 2
        self.locators: dict[str, tuple[list[Record], int]] = {}
        self.instance_url: str | None = None
        self.jobs: dict[str, Record] = {}
        self.jobs_made = 0
        self.job_states = ["InProgress", "JobComplete"]

    def put(self, kind: str, record_id: str, changed_at: str, **fields: Any) -> None:
        """Create or change a record."""
        before = self.records[kind].get(record_id, {"Id": record_id, "CreatedDate": changed_at})
        stamps = {"SystemModstamp": changed_at, "IsDeleted": False} if "SystemModstamp" in self.fields[kind] else {}
        self.records[kind][record_id] = before | stamps | fields

    def refusal(self) -> Answer:
        return error(401, "INVALID_SESSION_ID")

    def answer(self, request: Request) -> Answer:
        routes: dict[str, Callable[..., Answer]] = {
            "/services/oauth2/token": self._issue,
            f"{ROOT}/sobjects/(\\w+)/describe": self._describe,
            f"{ROOT}/queryAll": self._query,
            f"{ROOT}/query/([\\w]+)-(\\d+)": self._more,
            f"{ROOT}/jobs/query": self._create_job,
            f"{ROOT}/jobs/query/(\\w+)": self._job,
            f"{ROOT}/jobs/query/(\\w+)/results": self._results,
        }
        for pattern, route in routes.items():
            if found := re.fullmatch(pattern, request.path):
                return route(request, *found.groups())
        return error(404, "NOT_FOUND")

    def _issue(self, request: Request) -> Answer:
        form = request.form()
        is_known = CLIENT.items() <= form.items() and (
            form["grant_type"] == "client_credentials" or form.get("refresh_token") == REFRESH_TOKEN
        )
        if not is_known:
            return Answer({"error": "invalid_grant"}, 400)
        return Answer({"access_token": self.issue(), "instance_url": self.instance_url or self.url})

    def _describe(self, _: Request, kind: str) -> Answer:
        if kind not in self.fields:
            return error(404, "NOT_FOUND")
        names = sorted(self.fields[kind] - {"UserRole"})
        fields = [{"name": name, "relationshipName": None} for name in names]
        if "UserRole" in self.fields[kind]:
            fields.append({"name": "UserRoleId", "relationshipName": "UserRole"})
        return Answer({"name": kind, "fields": fields})

    def _query(self, request: Request) -> Answer:
        soql, _, order = request.query["q"].partition(" ORDER BY ")
        asked, kind, found = self._found(soql)
        if asked == ["COUNT()"]:
            return Answer({"totalSize": len(found), "done": True, "records": []})
        if unknown := self._unknown(asked, kind):
            return unknown
        found.sort(key=lambda record: [record[field] for field in order.split(", ")])
        locator = f"01g{len(self.locators)}"
        self.locators[locator] = ([given(record, kind, asked) for record in found], len(found))
        return self._page(locator, 0)

    def _found(self, soql: str) -> tuple[list[str], str, list[Record]]:
        """Return the fields, the object and the records that a query asks for."""
        parts = re.fullmatch(r"SELECT (.+) FROM (\w+) WHERE (.+)", soql)
        assert parts
        asked, kind, where = parts.groups()
        return asked.split(", "), kind, [record for record in self.records[kind].values() if is_in(record, where)]

    def _unknown(self, asked: list[str], kind: str) -> Answer | None:
        unknown = {field.partition(".")[0] for field in asked} - self.fields[kind]
        return error(400, "INVALID_FIELD", f"No such column '{min(unknown)}'") if unknown else None

    def _create_job(self, request: Request) -> Answer:
        job = request.json()
        assert (job["operation"], job["contentType"], job["lineEnding"]) == ("queryAll", "CSV", "LF")
        assert "ORDER BY" not in job["query"]
        asked, kind, found = self._found(job["query"])
        if unknown := self._unknown(asked, kind):
            return unknown
        self.jobs_made += 1
        job_id = f"750{self.jobs_made}"
        self.jobs[job_id] = {"states": list(self.job_states), "asked": asked, "records": found}
        return Answer({"id": job_id, "state": "UploadComplete", "object": kind})

    def _job(self, _: Request, job_id: str) -> Answer:
        if job_id not in self.jobs:
            return error(404, "NOT_FOUND")
        states = self.jobs[job_id]["states"]
        return Answer({"id": job_id, "state": states.pop(0) if len(states) > 1 else states[0]})

    def _results(self, request: Request, job_id: str) -> Answer:
        if job_id not in self.jobs:
            return error(404, "NOT_FOUND")
        job = self.jobs[job_id]
        first = int(request.query.get("locator", "MTA0").removeprefix("MTA"))
        end = first + int(request.query["maxRecords"])
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(job["asked"])
        writer.writerows([cell(record, field) for field in job["asked"]] for record in job["records"][first:end])
        locator = f"MTA{end}" if end < len(job["records"]) else "null"
        return Answer(text.getvalue().encode(), headers={"Content-Type": "text/csv", "Sforce-Locator": locator})

    def _more(self, _: Request, locator: str, first: str) -> Answer:
        return self._page(locator, int(first))

    def _page(self, locator: str, first: int) -> Answer:
        records, total = self.locators[locator]
        end = first + self.page
        body = {"totalSize": total, "done": end >= total, "records": records[first:end]}
        following = {} if end >= total else {"nextRecordsUrl": f"{ROOT}/query/{locator}-{end}"}
        return Answer(body | following)


def is_in(record: Record, where: str) -> bool:
    """Tell whether a record fulfils a condition of times."""
    parts = (condition.split(" ") for condition in where.split(" AND "))
    return all(
        at(record[field]) >= at(moment) if operator == ">=" else at(record[field]) < at(moment)
        for field, operator, moment in parts
    )


def at(text: str) -> datetime:
    """Return a time of the API."""
    return datetime.fromisoformat(text)


def given(record: Record, kind: str, asked: list[str]) -> Record:
    """Return what a query gives of a record."""
    names = [field.partition(".")[0] for field in asked]
    return {"attributes": {"type": kind}} | {name: record.get(name) for name in names}


def cell(record: Record, field: str) -> str:
    """Return a value as a job's result has it."""
    parent, _, child = field.partition(".")
    value = (record.get(parent) or {}).get(child) if child else record.get(field)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def error(status: int, code: str, message: str = "") -> Answer:
    """Return an error as Salesforce tells it."""
    return Answer([{"errorCode": code, "message": message}], status)

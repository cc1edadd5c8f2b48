"""Zoom as its public documentation describes it, for webinars: https://developers.zoom.us/docs/api/."""

import re
from base64 import b64encode
from typing import Any
from urllib.parse import unquote

from tests.ingestion.connectors.server import Answer, Request, Vendor

PAGE = 2
UUID = "/ab//C+d/ef=="  # begins with a slash: has to be encoded twice
WEBINAR = 91234567890
REGISTRANTS = [
    {"id": "r1", "email": "Tanaka@example.com", "last_name": "田中", "first_name": "一", "org": "甲社", "phone": "03-1",
     "status": "approved", "create_time": "2026-10-10T01:00:00Z"},
    {"id": "r2", "email": "absent@example.com", "last_name": "鈴木", "first_name": "二", "org": "", "phone": "",
     "status": "approved", "create_time": "2026-10-11T02:00:00Z"},
    {"id": "r3", "email": "sato@example.com", "last_name": "佐藤", "first_name": "三", "org": "乙社", "phone": "",
     "status": "approved", "create_time": "2026-10-12T03:00:00Z"},
]  # fmt: skip


def participant(registrant: str, email: str, joined: str, left: str, seconds: int) -> dict[str, Any]:
    """Return one time that somebody joined."""
    times = {"join_time": f"2026-10-20T{joined}Z", "leave_time": f"2026-10-20T{left}Z", "duration": seconds}
    known = {"registrant_id": registrant, "user_email": email, "name": "x", "user_id": f"167{len(email)}{joined[-2:]}"}
    return known | times | {"status": "in_meeting"}


class Zoom(Vendor):
    """One host with a webinar that was held, one to come, and one that nobody has to register for."""

    has_open_paths = r"^/oauth/token$"

    def __init__(self) -> None:
        super().__init__()
        self.webinars: list[dict[str, Any]] = [
            {"id": WEBINAR, "uuid": UUID, "topic": "DX 入門", "type": 5, "start_time": "2026-10-20T05:00:00Z",
             "duration": 60, "host_id": "h1"},
            {"id": 92, "uuid": "future==", "topic": "次回", "type": 5, "start_time": "2026-11-20T05:00:00Z",
             "duration": 45, "host_id": "h1"},
            {"id": 93, "uuid": "open==", "topic": "公開", "type": 5, "start_time": "2026-11-21T05:00:00Z",
             "duration": 45, "host_id": "h1"},
        ]  # fmt: skip
        self.registrants = {WEBINAR: list(REGISTRANTS), 92: REGISTRANTS[:1]}
        self.panelists = {WEBINAR: [{"id": "p1", "name": "講師", "email": "speaker@example.com"}]}
        self.participants = [
            participant("r1", "tanaka@example.com", "05:03:22", "05:33:22", 1800),
            participant("r1", "", "05:40:00", "05:50:40", 640),
            participant("r3", "sato@example.com", "05:00:10", "06:00:00", 3590),
            participant("", "host@example.com", "04:50:00", "06:01:00", 4260),
            participant("", "speaker@example.com", "04:55:00", "06:00:00", 3900),
        ]
        self.survey = [
            {"name": "田中", "email": "tanaka@example.com",
             "answer_details": [{"question": "個別相談を希望しますか", "answer": "はい", "date_time": "2026-10-20"}]},
        ]  # fmt: skip

    @property
    def api(self) -> dict[str, Any]:
        """The `api:` of a source."""
        return {
            "url": self.url,
            "token_url": f"{self.url}/oauth/token",
            "account_id": "the-account",
            "client_id": "the-client",
            "client_secret": "the-secret",
            "hosts": ["host@example.com"],
            "requests_per_second": 1000,
        }

    def refusal(self) -> Answer:
        return Answer({"code": 124, "message": "Invalid access token."}, 401)

    def answer(self, request: Request) -> Answer:
        if request.path == "/oauth/token":
            return self._token(request)
        for pattern, key, records in (
            (r"/v2/users/host%40example\.com/webinars", "webinars", lambda _: self.webinars),
            (r"/v2/past_webinars/(\d+)/instances", "webinars", self._instances),
            (r"/v2/webinars/(\d+)/registrants", "registrants", self.registrants.get),
            (r"/v2/webinars/(\d+)/panelists", "panelists", lambda found: self.panelists.get(found, [])),
        ):
            if found := re.fullmatch(pattern, request.path):
                number = int(found[1]) if found.groups() else 0
                listed = records(number)
                return self._page(request, key, listed) if listed is not None else self._no_registration()
        return self._report(request)

    def _token(self, request: Request) -> Answer:
        basic = b64encode(b"the-client:the-secret").decode()
        is_known = request.headers.get("Authorization") == f"Basic {basic}" and request.form() == {
            "grant_type": "account_credentials",
            "account_id": "the-account",
        }
        if not is_known:
            return Answer({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 400)
        return Answer({"access_token": self.issue(), "token_type": "bearer", "expires_in": 3599})

    def _instances(self, webinar_id: int) -> list[dict[str, str]]:
        return [{"uuid": UUID, "start_time": "2026-10-20T05:00:12Z"}] if webinar_id == WEBINAR else []

    def _report(self, request: Request) -> Answer:
        parts = request.path.removeprefix("/v2/report/webinars/").split("/")
        uuid, part = unquote(parts[0]), "/".join(parts[1:])
        if uuid.startswith("/") or "//" in uuid or unquote(uuid) != UUID:
            return Answer({"code": 3001, "message": "Webinar does not exist."}, 404)
        if part == "participants":
            shown = [record | {} for record in self.participants]
            if request.query.get("include_fields") != "registrant_id":
                shown = [{name: record[name] for name in record if name != "registrant_id"} for record in shown]
            return self._page(request, "participants", shown)
        if part == "survey":
            return self._page(request, "survey_answers", self.survey)
        if part == "polls":
            return Answer({"code": 3001, "message": "Webinar has no polls."}, 404)
        return Answer(
            {"uuid": UUID, "id": WEBINAR, "topic": "DX 入門", "user_email": "host@example.com", "duration": 61,
             "start_time": "2026-10-20T05:00:12Z", "end_time": "2026-10-20T06:01:00Z", "participants_count": 4}
        )  # fmt: skip

    def _page(self, request: Request, key: str, records: list[Any]) -> Answer:
        start = int(request.query.get("next_page_token") or 0)
        token = str(start + PAGE) if records[start + PAGE :] else ""  # empty on the last page
        return Answer({"page_size": PAGE, "next_page_token": token, key: records[start : start + PAGE]})

    def _no_registration(self) -> Answer:
        return Answer({"code": 300, "message": "Registration has not been enabled for this webinar."}, 400)

"""Google Ads, Meta and LinkedIn as their public documentation describes them, for what campaigns cost by day."""

import json
import re
from datetime import date
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote

from tests.ingestion.connectors.server import Answer, Request, Vendor

SECRETS = {"client_id": "the-client", "client_secret": "the-secret", "refresh_token": "the-refresh-token"}
PAGE = 2


class Day(NamedTuple):
    """What a campaign cost on a day."""

    on: str
    campaign_id: str
    cost: float
    campaign_name: str = "b2b_dx"


class AdPlatform(Vendor):
    """What the three have in common: one account, its days, and how a source of them is configured."""

    system: ClassVar[str]
    report: ClassVar[str]  # a regular expression: the path of the report
    rows: ClassVar[str]  # SQL: day, campaign and cost as they stand in raw
    broken_cost: ClassVar[dict[str, Any]]  # fields of a row whose cost is no number
    account = "1234567890"

    def __init__(self, *days: Day) -> None:
        super().__init__()
        self.days = list(days)
        self.changed: dict[str, Any] = {}  # fields that each row has from now on

    @property
    def api(self) -> dict[str, Any]:
        """The `api:` of a source."""
        raise NotImplementedError

    def period(self, request: Request) -> tuple[str, str]:
        """Return the first and last day that a request asks for."""
        raise NotImplementedError

    def asked_days(self) -> list[tuple[str, str]]:
        """Return the first and last day of each request for the report."""
        return [self.period(request) for request in self.asked(self.report)]

    def found(self, request: Request) -> list[Day]:
        """Return the days that a request asks for, in a stable order."""
        first, last = self.period(request)
        return sorted(day for day in self.days if first <= day.on <= last)


class GoogleAds(AdPlatform):
    """https://developers.google.com/google-ads/api/rest/common/search and .../oauth/overview."""

    system = "google_ads"
    report = r"googleAds:search$"
    broken_cost: ClassVar[dict[str, Any]] = {"metrics": {"costMicros": "n/a"}}
    rows = "select date, campaign_id, cost_micros / 1000000 from raw.google_ads__campaign_days"
    has_open_paths = r"^/token$"

    @property
    def api(self) -> dict[str, Any]:
        return SECRETS | {
            "url": self.url,
            "token_url": f"{self.url}/token",
            "customer_ids": ["123-456-7890"],
            "login_customer_id": 99,
            "developer_token": "the-developer-token",
        }

    def period(self, request: Request) -> tuple[str, str]:
        found = re.search(r"segments\.date BETWEEN '(.*?)' AND '(.*?)'", request.json()["query"])
        assert found
        return found[1], found[2]

    def refusal(self) -> Answer:
        return Answer({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)

    def answer(self, request: Request) -> Answer:
        if request.path == "/token":
            is_known = request.form() == SECRETS | {"grant_type": "refresh_token"}
            good = {"expires_in": 3599, "scope": "https://www.googleapis.com/auth/adwords", "token_type": "Bearer"}
            return (
                Answer({"access_token": self.issue(), **good}) if is_known else Answer({"error": "invalid_grant"}, 400)
            )
        body = request.json()
        if request.path != f"/v26/customers/{self.account}/googleAds:search" or request.method != "POST":
            return Answer({"error": {"code": 404, "status": "NOT_FOUND"}}, 404)
        if request.headers.get("developer-token") != "the-developer-token":
            return Answer({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, 403)
        if "pageSize" in body:  # https://developers.google.com/google-ads/api/docs/reporting/paging
            return Answer({"error": {"code": 400, "status": "INVALID_ARGUMENT"}}, 400)
        start = int(body.get("pageToken", "0"))
        days = self.found(request)
        answer: dict[str, Any] = {"fieldMask": "campaign.id", "queryResourceConsumption": "1"}
        if days[start : start + PAGE]:
            answer["results"] = [self._row(day) | self.changed for day in days[start : start + PAGE]]
        if days[start + PAGE :]:
            answer["nextPageToken"] = str(start + PAGE)
        return Answer(json.dumps(answer, indent=2).encode())

    def _row(self, day: Day) -> dict[str, Any]:
        customer = f"customers/{self.account}"
        return {
            "customer": {"resourceName": customer, "id": self.account, "currencyCode": "JPY"},
            "campaign": {
                "resourceName": f"{customer}/campaigns/{day.campaign_id}",
                "advertisingChannelType": "SEARCH",
                "name": day.campaign_name,
                "id": day.campaign_id,
            },
            "metrics": {"clicks": "1", "costMicros": str(int(day.cost * 1_000_000)), "impressions": "10"},
            "segments": {"date": day.on},
        }


class MetaAds(AdPlatform):
    """https://developers.facebook.com/docs/marketing-api/insights and .../graph-api/results."""

    system = "meta_ads"
    report = r"/insights$"
    broken_cost: ClassVar[dict[str, Any]] = {"spend": "n/a"}
    rows = "select date_start, campaign_id, spend from raw.meta_ads__insights"
    token = "the|token"  # noqa: S105

    def __init__(self, *days: Day) -> None:
        super().__init__(*days)
        self.tokens.add(self.token)

    @property
    def api(self) -> dict[str, Any]:
        return {"url": self.url, "account_ids": [self.account], "token": self.token}

    def period(self, request: Request) -> tuple[str, str]:
        asked = json.loads(request.query["time_range"])
        return asked["since"], asked["until"]

    def refusal(self) -> Answer:
        return self.error(190, "Error validating access token: Session has expired")

    @staticmethod
    def error(code: int, message: str) -> Answer:
        """Return an error as the Graph API tells most of its own."""
        error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam"}
        return Answer({"error": error}, 400)

    def answer(self, request: Request) -> Answer:
        query = request.query
        if request.path != f"/v25.0/act_{self.account}/insights" or query.get("level") != "campaign":
            return self.error(100, "Unsupported get request")
        start = int(query.get("after", "0"))
        days = self.found(request)
        shown = days[start : start + PAGE]
        answer: dict[str, Any] = {"data": [self._row(day, query["fields"].split(",")) | self.changed for day in shown]}
        if shown:
            answer["paging"] = {"cursors": {"before": str(start), "after": str(start + len(shown))}}
        if days[start + PAGE :]:
            link = f"{self.url}{request.path}?access_token={quote(self.token)}&after={start + PAGE}"
            answer["paging"]["next"] = link
        return Answer(answer)

    def _row(self, day: Day, fields: list[str]) -> dict[str, Any]:
        known = {
            "account_id": self.account,
            "account_currency": "JPY",
            "campaign_id": day.campaign_id,
            "campaign_name": day.campaign_name,
            "objective": "OUTCOME_LEADS",
            "impressions": "10",
            "clicks": "1",
            "spend": str(day.cost),
        }
        return {name: known[name] for name in fields} | {"date_start": day.on, "date_stop": day.on}


class LinkedInAds(AdPlatform):
    """https://learn.microsoft.com/linkedin/marketing/integrations/ads-reporting/ads-reporting."""

    system = "linkedin_ads"
    report = r"/adAnalytics$"
    broken_cost: ClassVar[dict[str, Any]] = {"costInLocalCurrency": "n/a"}
    rows = """
        select make_date(year, month, day), split_part(pivotValues[1], ':', 4), costInLocalCurrency
        from raw.linkedin_ads__ad_analytics
    """
    has_open_paths = r"^/oauth/"
    most_elements = 15_000

    @property
    def api(self) -> dict[str, Any]:
        return SECRETS | {
            "url": self.url,
            "token_url": f"{self.url}/oauth/v2/accessToken",
            "account_ids": [int(self.account)],
        }

    def period(self, request: Request) -> tuple[str, str]:
        # Rest.li 2.0 wants its brackets and colons as they are, and those of a URN encoded.
        pattern = r"dateRange=\(start:\((.*?)\),end:\((.*?)\)\)&accounts=List\(urn%3Ali%3AsponsoredAccount%3A\d+\)"
        found = re.search(pattern, request.target)
        assert found
        first, last = (date(*(int(number) for number in re.findall(r"\d+", part))) for part in found.groups())
        return first.isoformat(), last.isoformat()

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/oauth/"):
            is_known = request.form() == SECRETS | {"grant_type": "refresh_token"}
            body = {"access_token": self.issue(), "expires_in": 5_183_999} if is_known else {"error": "invalid_request"}
            return Answer(body, 200 if is_known else 400)
        if not request.headers.get("LinkedIn-Version"):
            return Answer({"status": 400, "code": "VERSION_MISSING"}, 400)
        if request.path == f"/rest/adAccounts/{self.account}":
            return Answer({"id": int(self.account), "name": "Leadmill", "currency": "JPY", "status": "ACTIVE"})
        if request.path == f"/rest/adAccounts/{self.account}/adCampaigns" and request.query["q"] == "search":
            return self._campaigns(request)
        if request.path == "/rest/adAnalytics" and request.query["timeGranularity"] == "DAILY":
            elements = [self._row(day) | self.changed for day in self.found(request)]
            return Answer(
                {"paging": {"start": 0, "count": 10, "links": []}, "elements": elements[: self.most_elements]}
            )
        return Answer({"status": 404, "code": "RESOURCE_NOT_FOUND"}, 404)

    def _campaigns(self, request: Request) -> Answer:
        campaigns = sorted({(day.campaign_id, day.campaign_name) for day in self.days})
        start = int(request.query.get("pageToken", "0"))
        elements = [
            {"id": int(key), "name": name, "account": f"urn:li:sponsoredAccount:{self.account}", "type": "TEXT_AD"}
            for key, name in campaigns[start : start + PAGE]
        ]
        more = {"nextPageToken": str(start + PAGE)} if campaigns[start + PAGE :] else {}
        return Answer({"elements": elements, "metadata": more})

    def _row(self, day: Day) -> dict[str, Any]:
        on = date.fromisoformat(day.on)
        part = {"year": on.year, "month": on.month, "day": on.day}
        return {
            "pivotValues": [f"urn:li:sponsoredCampaign:{day.campaign_id}"],
            "dateRange": {"start": part, "end": part},
            "costInLocalCurrency": str(day.cost),
            "impressions": 10,
            "clicks": 1,
        }

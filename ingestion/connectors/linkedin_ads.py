"""LinkedIn: what each campaign cost on each day, by the versioned Marketing API.

https://learn.microsoft.com/linkedin/marketing/integrations/ads-reporting/ads-reporting
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import partial

from dlt.sources.helpers.rest_client.auth import BearerTokenAuth, OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from pydantic import Field, SecretStr, model_validator

from ingestion.connectors import daily, oauth
from ingestion.connectors.client import Api
from ingestion.connectors.settings import Fetch, Fetched, Window

_MOST_ELEMENTS = 15_000  # of one answer about analytics, which has no pages: more are left out
_CAMPAIGN_PAGE = 1000


class Settings(daily.Settings):
    """Below `api:` of a LinkedIn source: an access token, or what renews one."""

    url: str = "https://api.linkedin.com"
    token_url: str = "https://www.linkedin.com/oauth/v2/accessToken"  # noqa: S105
    version: str = Field("202603", pattern=r"^20\d{4}$")  # a version lives a year
    account_ids: list[daily.AccountId] = Field(min_length=1)
    token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Settings:
        oauth = (self.client_id, self.client_secret, self.refresh_token)
        if (self.token is None) == (None in oauth):
            raise ValueError("set `token`, or `client_id`, `client_secret` and `refresh_token`")
        return self

    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream is fetched."""
        headers = {"LinkedIn-Version": self.version, "X-Restli-Protocol-Version": "2.0.0"}
        api = Api(self, self._auth(), headers=headers)
        ask = partial(_ad_analytics, api, self.account_ids)
        return {
            "accounts": partial(_accounts, api, self.account_ids),
            "campaigns": partial(_campaigns, api, self.account_ids),
            "ad_analytics": partial(daily.fetch_days, ask, self.restatement_days),
        }

    def _auth(self) -> BearerTokenAuth | OAuth2ClientCredentials:
        if not (self.client_id and self.client_secret and self.refresh_token):
            return BearerTokenAuth(self.token.get_secret_value() if self.token else "")
        return oauth.by_refresh_token(self, self.token_url, self.client_id, self.client_secret, self.refresh_token)


def _accounts(api: Api, account_ids: list[str], window: Window) -> Iterator[Fetched]:
    for account_id in account_ids:
        response = api.get(f"/rest/adAccounts/{account_id}")
        if response.json()["id"]:  # only an account lands, whatever else may be answered
            yield Fetched("accounts.jsonl", response.content)


def _campaigns(api: Api, account_ids: list[str], window: Window) -> Iterator[Fetched]:
    for account_id in account_ids:
        pages = api.pages(
            f"/rest/adAccounts/{account_id}/adCampaigns",
            JSONResponseCursorPaginator(cursor_path="metadata.nextPageToken", cursor_param="pageToken"),
            records="elements",
            params={"q": "search", "pageSize": _CAMPAIGN_PAGE},
        )
        for response, _ in pages:
            if response.json()["elements"]:
                yield Fetched(f"campaigns/{account_id}.jsonl", response.content)


def _ad_analytics(api: Api, account_ids: list[str], first: date, last: date) -> Iterator[Fetched]:
    for account_id in account_ids:
        yield from _days_of_account(api, account_id, first, last)


def _days_of_account(api: Api, account_id: str, first: date, last: date) -> Iterator[Fetched]:
    """Ask for an account's days; for half of them where the answer would be too long."""
    # Rest.li's brackets and colons go as they are, those of a URN don't: no parameters that requests would encode.
    query = (
        "q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY"
        f"&dateRange=(start:{_restli(first)},end:{_restli(last)})"
        f"&accounts=List(urn%3Ali%3AsponsoredAccount%3A{account_id})"
        "&fields=dateRange,pivotValues,impressions,clicks,costInLocalCurrency"
    )
    response = api.get(f"/rest/adAnalytics?{query}")
    elements = response.json()["elements"]
    if len(elements) >= _MOST_ELEMENTS and first < last:
        middle = first + (last - first) // 2
        yield from _days_of_account(api, account_id, first, middle)
        yield from _days_of_account(api, account_id, middle + timedelta(days=1), last)
    elif elements:
        yield Fetched(f"ad_analytics/{account_id}.jsonl", response.content)


def _restli(day: date) -> str:
    return f"(year:{day.year},month:{day.month},day:{day.day})"

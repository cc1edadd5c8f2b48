"""Google Ads: what each campaign cost on each day, by the API's search.

https://developers.google.com/google-ads/api/rest/overview
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial

from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from pydantic import Field, SecretStr

from ingestion.connectors import daily, oauth
from ingestion.connectors.client import Api
from ingestion.connectors.settings import Fetch, Fetched
from leadmill.errors import LeadmillError

# Rows without impressions have no day. Removed campaigns are among the rest: their cost stays.
_QUERY = """
    SELECT customer.id, customer.currency_code, campaign.id, campaign.name, campaign.advertising_channel_type,
        segments.date, metrics.impressions, metrics.clicks, metrics.cost_micros
    FROM campaign
    WHERE segments.date BETWEEN '{first}' AND '{last}'
    ORDER BY segments.date, campaign.id
"""


class Settings(daily.Settings):
    """Below `api:` of a Google Ads source: a developer token, and the refresh token of an OAuth client."""

    url: str = "https://googleads.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105
    api_version: str = Field("v26", pattern=r"^v\d+$")
    customer_ids: list[daily.AccountId] = Field(min_length=1)
    login_customer_id: daily.AccountId | None = None  # the manager account, where access goes through one
    developer_token: SecretStr
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr

    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream is fetched."""
        headers = {"developer-token": self.developer_token.get_secret_value()}
        if self.login_customer_id:
            headers["login-customer-id"] = self.login_customer_id
        auth = oauth.by_refresh_token(self, self.token_url, self.client_id, self.client_secret, self.refresh_token)
        ask = partial(_campaign_days, Api(self, auth, headers=headers), self)
        return {"campaign_days": partial(daily.fetch_days, ask, self.restatement_days)}


def _campaign_days(api: Api, settings: Settings, first: date, last: date) -> Iterator[Fetched]:
    for customer_id in settings.customer_ids:
        pages = api.pages(
            f"/{settings.api_version}/customers/{customer_id}/googleAds:search",
            JSONResponseCursorPaginator(cursor_path="nextPageToken", cursor_body_path="pageToken"),
            records="results",
            method="POST",
            json={"query": _QUERY.format(first=first, last=last)},
        )
        for response, rows in pages:
            # An answer without rows has no list, but always says what was asked for.
            if "fieldMask" not in response.json():
                raise LeadmillError(
                    f"the search for customer {customer_id} was answered by something else; run again later"
                )
            if rows:
                yield Fetched("campaign_days.jsonl", response.content)

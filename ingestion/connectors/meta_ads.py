"""Meta (Facebook, Instagram): what each campaign cost on each day, by the Insights API.

https://developers.facebook.com/docs/marketing-api/insights
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from pydantic import Field, SecretStr
from requests import Response

from ingestion.connectors import daily
from ingestion.connectors.client import AnswerError, Api
from ingestion.connectors.settings import Fetch, Fetched
from leadmill.errors import LeadmillError

_FIELDS = (
    "account_id",
    "account_currency",
    "campaign_id",
    "campaign_name",
    "objective",
    "impressions",
    "clicks",
    "spend",
)
_PAGE = 500
# Meta tells most errors by status 400 and a code of its own.
_THROTTLED = {4, 17, 32, 613, *range(80_000, 80_015)}
_USUAL_WAIT_MINUTES = 60  # limits are by the hour
# Links to other pages hold the token, encoded or not; it must not land.
_TOKEN_IN_LINK = re.compile(rb'access_token=[^&"\\]*')
_REFUSED = {10, 102, 190, *range(200, 300)}


class Settings(daily.Settings):
    """Below `api:` of a Meta source: the token of a system user with `ads_read`."""

    url: str = "https://graph.facebook.com"
    api_version: str = Field("v25.0", pattern=r"^v\d+\.\d+$")
    account_ids: list[daily.AccountId] = Field(min_length=1)  # without `act_`
    token: SecretStr
    restatement_days: int = Field(28, ge=0)  # the longest window of attribution

    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream is fetched."""
        token = self.token.get_secret_value()
        api = Api(self, BearerTokenAuth(token), is_refused=_is_refused, is_busy=_is_throttled)
        return {"insights": partial(daily.fetch_days, partial(_insights, api, self), self.restatement_days)}


class _Pages(JSONResponseCursorPaginator):
    """The last page has a cursor too, but no link to a next page."""

    def __init__(self) -> None:
        super().__init__(cursor_path="paging.cursors.after", cursor_param="after")

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        super().update_state(response, data)
        if not response.json().get("paging", {}).get("next"):
            self._has_next_page = False


def _insights(api: Api, settings: Settings, first: date, last: date) -> Iterator[Fetched]:
    params = {
        "level": "campaign",
        "time_increment": 1,
        "time_range": json.dumps({"since": first.isoformat(), "until": last.isoformat()}),
        "fields": ",".join(_FIELDS),
        "limit": _PAGE,
    }
    for account_id in settings.account_ids:
        path = f"/{settings.api_version}/act_{account_id}/insights"
        try:
            for response, _ in api.pages(path, _Pages(), records="data", params=params):
                if response.json()["data"]:
                    yield Fetched("insights.jsonl", _TOKEN_IN_LINK.sub(b"access_token=removed", response.content))
        except AnswerError as error:
            if error.response is None or not _is_throttled(error.response):
                raise
            minutes = _minutes_to_wait(error.response)
            raise LeadmillError(
                f"Meta takes no more requests about account {account_id} for now; run again in {minutes} minutes"
            ) from None


def _error_code(response: Response) -> int | None:
    if response.ok:
        return None
    try:
        code = response.json()["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return code if isinstance(code, int) else None


def _minutes_to_wait(response: Response) -> int:
    """Return after how many minutes Meta lets the account in again, as the header about its limits says."""
    try:
        uses = json.loads(response.headers["X-Business-Use-Case-Usage"]).values()
        return max(int(use["estimated_time_to_regain_access"]) for limits in uses for use in limits)
    except (ValueError, KeyError, TypeError, AttributeError):
        return _USUAL_WAIT_MINUTES


def _is_refused(response: Response) -> bool:
    return _error_code(response) in _REFUSED


def _is_throttled(response: Response) -> bool:
    return _error_code(response) in _THROTTLED

"""Answers of ad platforms and webinar tools, saved as files, become typed rows."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.ingestion.deliveries import Company, page, utc


def test_google_ads_answer_with_numbers_as_text(company: Company) -> None:
    row = {
        "customer": {"resourceName": "customers/5", "id": "5", "currencyCode": "JPY"},
        "campaign": {"resourceName": "customers/5/campaigns/7", "id": "7", "name": "b2b_search",
                     "advertisingChannelType": "SEARCH"},
        "metrics": {"clicks": "3", "costMicros": "1234567890", "impressions": "120"},
        "segments": {"date": "2026-10-24"},
    }  # fmt: skip
    company.deliver({"ads/2026-10-25/campaign_days.jsonl": page(row)})

    company.run(company.sources({"name": "ads", "system": "google_ads", "path": "ads"}))

    columns = "date, campaign_id, campaign_name, advertising_channel_type, currency_code, clicks, cost_micros, _extra"
    assert company.raw("google_ads__campaign_days", columns) == [
        (date(2026, 10, 24), "7", "b2b_search", "SEARCH", "JPY", 3, 1234567890, None)
    ]


def test_meta_ads_insights(company: Company) -> None:
    insight = {
        "account_currency": "USD", "campaign_id": "12", "campaign_name": "Retarget", "objective": "OUTCOME_LEADS",
        "spend": "12.34", "impressions": "1000", "clicks": "5", "date_start": "2026-10-24", "date_stop": "2026-10-24",
    }  # fmt: skip
    company.deliver({"meta/2026-10-25/insights.jsonl": page(insight, key="data")})

    company.run(company.sources({"name": "meta", "system": "meta_ads", "path": "meta"}))

    assert company.raw("meta_ads__insights", "date_start, campaign_id, account_currency, spend, clicks") == [
        (date(2026, 10, 24), "12", "USD", Decimal("12.34"), 5)
    ]


def test_linkedin_analytics_are_of_the_account_in_the_path(company: Company) -> None:
    day = {"year": 2026, "month": 10, "day": 4}
    analytics = {
        "pivotValues": ["urn:li:sponsoredCampaign:7"], "dateRange": {"start": day, "end": day},
        "costInLocalCurrency": "12.3456789012", "impressions": 10, "clicks": 1,
    }  # fmt: skip
    account = {"id": 5, "name": "Leadmill", "currency": "EUR"}
    company.deliver(
        {
            "in/2026-10-25/ad_analytics/5.jsonl": page(analytics, key="elements"),
            "in/2026-10-25/accounts.jsonl": json.dumps(account),
        }
    )

    company.run(company.sources({"name": "in", "system": "linkedin_ads", "path": "in"}))

    columns = "account_id, pivotValues, year, month, day, costInLocalCurrency, _extra"
    assert company.raw("linkedin_ads__ad_analytics", columns) == [
        ("5", ["urn:li:sponsoredCampaign:7"], 2026, 10, 4, Decimal("12.345679"), None)
    ]
    assert company.raw("linkedin_ads__accounts", "id, currency") == [("5", "EUR")]


REGISTRANT = {"id": "r1", "email": "A@example.com", "org": "甲社", "create_time": "2026-10-20T01:00:00Z"}
PARTICIPANT = {
    "user_id": "16778240", "registrant_id": "r1", "name": "A", "user_email": "a@example.com",
    "join_time": "2026-10-24T05:01:00Z", "leave_time": "2026-10-24T05:31:00Z", "duration": 1800,
}  # fmt: skip
ANSWER = {"email": "a@example.com", "name": "A", "answer_details": [{"question": "良かったですか", "answer": "はい"}]}
SESSION = {"uuid": "a/b==", "id": 123, "topic": "DX", "start_time": "2026-10-24T05:00:00Z", "duration": 60}


@pytest.mark.parametrize(
    ("file", "content", "table", "columns", "expected"),
    [
        ("registrants/123.jsonl", page(REGISTRANT, key="registrants"), "registrants", "webinar_id, email, create_time",
         ("123", "A@example.com", utc(2026, 10, 20, 1))),
        ("participants/123-a_b.jsonl", page(PARTICIPANT, key="participants"), "participants",
         "webinar_id, registrant_id, join_time, duration", ("123", "r1", utc(2026, 10, 24, 5, 1), 1800)),
        ("survey_answers/123-a_b.jsonl", page(ANSWER, key="survey_answers"), "survey_answers",
         "webinar_id, answer_details", ("123", [{"question": "良かったですか", "answer": "はい"}])),
        ("webinar_reports/123-a_b.jsonl", json.dumps(SESSION), "webinar_reports", "uuid, id, start_time, duration",
         ("a/b==", "123", utc(2026, 10, 24, 5), 60)),
    ],
)  # fmt: skip
def test_zoom_answers(
    company: Company, file: str, content: str, table: str, columns: str, expected: tuple[Any, ...]
) -> None:
    company.deliver({f"zoom/2026-10-25/{file}": content})

    company.run(company.sources({"name": "zoom", "system": "zoom_webinar", "path": "zoom"}))

    assert company.raw(f"zoom_webinar__{table}", columns) == [expected]

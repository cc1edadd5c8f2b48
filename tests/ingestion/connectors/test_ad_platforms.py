"""What campaigns cost by day, as the three ad platforms tell it: pages, windows, restated days, faults."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest

import ingestion
from ingestion import landing
from ingestion.connectors import fetching, linkedin_ads
from leadmill.errors import InputError, LeadmillError
from tests.ingestion.connectors.ad_platforms import AdPlatform, Day, GoogleAds, LinkedInAds, MetaAds
from tests.ingestion.connectors.server import Answer
from tests.ingestion.deliveries import AS_OF, Company

DAYS = [
    Day("2026-09-30", "1", 100.0),
    Day("2026-10-29", "1", 200.5),
    Day("2026-10-29", "2", 10.0),
    Day("2026-10-30", "1", 300.0),
    Day("2026-10-31", "3", 7.25),
]


@pytest.fixture(params=[GoogleAds, MetaAds, LinkedInAds])
def platform(request: pytest.FixtureRequest) -> Iterator[AdPlatform]:
    """Each platform with the same five days: three pages of two, where it has pages."""
    with request.param(*DAYS) as vendor:
        yield vendor


@pytest.fixture
def google_ads() -> Iterator[GoogleAds]:
    with GoogleAds(*DAYS) as vendor:
        yield vendor


@pytest.fixture
def meta_ads() -> Iterator[MetaAds]:
    with MetaAds(*DAYS) as vendor:
        yield vendor


def source(vendor: AdPlatform, **settings: Any) -> dict[str, Any]:
    api = vendor.api | {"start_on": "2026-09-20", "timeout_seconds": 0.5} | settings
    return {"name": "ads", "system": vendor.system, "api": api}


def rows(company: Company, vendor: AdPlatform) -> list[tuple[date, str, float]]:
    return [(on, campaign, float(cost)) for on, campaign, cost in company.query(f"{vendor.rows} order by all")]


def test_every_page_of_every_slice_comes_into_raw(company: Company, platform: AdPlatform) -> None:
    company.run(company.sources(source(platform)))

    assert rows(company, platform) == [(date.fromisoformat(day.on), day.campaign_id, day.cost) for day in DAYS]
    assert set(platform.asked_days()) == {("2026-09-20", "2026-10-19"), ("2026-10-20", "2026-10-31")}
    assert company.query("select sum(rows_quarantined) from ops.files") == [(0,)]
    assert company.query("select column_name from ops.unknown_columns") == []
    cursors = [manifest.cursor for _, manifest in landing.manifests(company.home, "ads")]
    assert all(cursor and cursor.is_last for cursor in cursors)


def test_the_next_night_asks_again_for_what_may_be_restated(company: Company, platform: AdPlatform) -> None:
    sources = company.sources(source(platform, restatement_days=3))
    company.run(sources)
    platform.days[1] = Day("2026-10-29", "1", 222.0)
    platform.requests.clear()

    company.run(sources, AS_OF + timedelta(days=1))

    assert set(platform.asked_days()) == {("2026-10-29", "2026-11-01")}
    told = [cost for on, campaign, cost in rows(company, platform) if (str(on), campaign) == ("2026-10-29", "1")]
    assert told == [200.5, 222.0]  # raw keeps both; the models take the one delivered last


def test_a_backfill_asks_for_its_days(company: Company, platform: AdPlatform) -> None:
    sources = company.sources(source(platform))

    ingestion.backfill(
        sources, "ads", company.home, date(2026, 9, 25), date(2026, 10, 29), AS_OF, progress=lambda _: None
    )

    assert set(platform.asked_days()) == {("2026-09-25", "2026-10-24"), ("2026-10-25", "2026-10-29")}


def test_faults_leave_the_raw_of_an_undisturbed_run(company: Company, platform: AdPlatform, waits: list[float]) -> None:
    platform.fail(platform.report, "status", answer=Answer({"error": "slow down"}, 429, {"Retry-After": "7"}))
    platform.fail(platform.report, "status", answer=Answer(b"<html>", 502, {"Content-Type": "text/html"}))
    platform.fail(platform.report, "cut", after=1)
    platform.fail(platform.report, "slow")

    company.run(company.sources(source(platform)))

    assert rows(company, platform) == [(date.fromisoformat(day.on), day.campaign_id, day.cost) for day in DAYS]
    assert not platform.faults
    assert waits[0] == 7


@pytest.mark.parametrize("vendor", [GoogleAds, LinkedInAds])
def test_a_token_that_expired_is_renewed(company: Company, vendor: type[AdPlatform]) -> None:
    with vendor(*DAYS) as platform:
        platform.fail(platform.report, "status", after=1, answer=platform.refusal())

        company.run(company.sources(source(platform)))

        assert len(rows(company, platform)) == len(DAYS)
        assert platform.issued == 2


def test_a_field_that_is_new_is_kept_and_one_that_is_no_number_set_aside(
    company: Company, platform: AdPlatform
) -> None:
    sources = company.sources(source(platform, restatement_days=3))
    platform.changed = {"newField": "x"}
    company.run(sources)
    platform.changed = platform.broken_cost

    company.run(sources, AS_OF + timedelta(days=1))

    assert company.query("select column_name, rows from ops.unknown_columns") == [("newField", len(DAYS))]
    assert len(rows(company, platform)) == len(DAYS)
    ((reason, set_aside),) = company.query("select reason, count(*) from ops.quarantine group by reason")
    assert "expected" in reason
    assert set_aside == 4  # the days since the 29th


def test_a_fetch_that_broke_off_goes_on_where_it_landed(
    company: Company, google_ads: GoogleAds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "CHUNK_BYTES", 1)
    sources = company.sources(source(google_ads, restatement_days=0, start_on="2026-09-01"))
    google_ads.fail(google_ads.report, "status", times=100, after=3, answer=Answer(b"", 503))
    with pytest.raises(LeadmillError):
        company.run(sources)
    google_ads.faults.clear()
    google_ads.requests.clear()

    company.run(sources)

    assert google_ads.asked_days()[0] == ("2026-10-01", "2026-10-30")
    # What had landed after the cursor came again: the models know a campaign's day by its key.
    assert set(rows(company, google_ads)) == {(date.fromisoformat(day.on), day.campaign_id, day.cost) for day in DAYS}


def test_google_wants_the_developer_token_and_the_manager(company: Company, google_ads: GoogleAds) -> None:
    company.run(company.sources(source(google_ads)))

    headers = google_ads.asked(google_ads.report)[0].headers
    assert (headers["developer-token"], headers["login-customer-id"]) == ("the-developer-token", "99")


def test_a_refresh_token_that_was_revoked_is_told_without_it(company: Company, google_ads: GoogleAds) -> None:
    with pytest.raises(InputError, match="credentials are refused") as error:
        company.run(company.sources(source(google_ads, refresh_token="revoked-marker")))  # noqa: S106

    assert "revoked-marker" not in str(error.value)


def test_meta_throttles_with_status_400(company: Company, meta_ads: MetaAds) -> None:
    for code in (4, 17, 32, 613):
        meta_ads.fail(meta_ads.report, "status", answer=meta_ads.error(code, "User request limit reached"))

    company.run(company.sources(source(meta_ads)))

    assert len(rows(company, meta_ads)) == len(DAYS)


def test_meta_tells_how_long_it_throttles(company: Company, meta_ads: MetaAds) -> None:
    usage = '{"17841": [{"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 19}]}'
    throttled = meta_ads.error(80000, "There have been too many calls")._replace(
        headers={"X-Business-Use-Case-Usage": usage}
    )
    meta_ads.fail(meta_ads.report, "status", times=5, answer=throttled)

    with pytest.raises(LeadmillError, match="run again in 19 minutes"):
        company.run(company.sources(source(meta_ads)))


def test_a_token_of_meta_that_expired_is_told(company: Company, meta_ads: MetaAds) -> None:
    meta_ads.tokens.clear()

    with pytest.raises(InputError, match="credentials are refused"):
        company.run(company.sources(source(meta_ads)))

    assert len(meta_ads.requests) == 1


def test_the_token_in_links_of_meta_does_not_land(company: Company, meta_ads: MetaAds) -> None:
    company.run(company.sources(source(meta_ads)))

    landed = b"".join(path.read_bytes() for path in company.home.landing.rglob("*") if path.is_file())
    assert b"after=2" in landed
    assert quote(meta_ads.token).encode() not in landed


def test_an_answer_of_linkedin_that_would_be_cut_is_asked_for_in_halves(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linkedin_ads, "_MOST_ELEMENTS", 3)
    monkeypatch.setattr(LinkedInAds, "most_elements", 3)
    with LinkedInAds(*DAYS) as vendor:
        company.run(company.sources(source(vendor)))

        assert len(rows(company, vendor)) == len(DAYS)
    assert company.raw("linkedin_ads__campaigns", "id, name") == [("1", "b2b_dx"), ("2", "b2b_dx"), ("3", "b2b_dx")]
    assert company.raw("linkedin_ads__accounts", "id, currency") == [("1234567890", "JPY")]

"""A visitor becomes known by a form: from the browser through the collector to the facts, in one night's steps."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from playwright.sync_api import Page

import ingestion
from leadmill import transformation
from leadmill.settings import Home
from tests.browser.conftest import Collector, until
from tests.browser.website import Website

LANDING = """
    <h1>Leadmill</h1><a data-leadmill-cta="see-prices" href="/pricing">Prices</a>
    <div style="height: 3000px"></div><p>The end</p>
"""
FORM = """
    <form data-leadmill-form="demo" method="post"><input name="email" type="email">
    <input type="hidden" name="form" value="demo"><input type="hidden" name="submission" data-leadmill-submission>
    <button>Book a demo</button></form>
"""


def stay_until(collector: Collector, page: str, event_name: str) -> None:
    """Stay on a page until the collector was told of something on it."""
    until(lambda: collector.events(page, event_name=event_name))


@pytest.fixture(scope="module")
def warehouse(site: Website, collector: Collector, chromium: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """The facts after one visit: from an ad, over prices, to the form, with the name that the site gives afterwards."""
    site.page("/pricing", '<a href="/contact">Contact</a>', 'data-pricing="/pricing"')
    site.page("/contact", FORM)
    site.thanks = "<script>leadmill.push(['identify', 'hanako@tanaka-kogyo.co.jp'])</script>"
    with chromium.new_context(viewport={"width": 1000, "height": 600}) as context:
        page: Page = context.new_page()
        page.goto(site.page("/", LANDING) + "?utm_source=google&utm_medium=cpc&utm_campaign=Spring")
        stay_until(collector, "/", "cta_view")
        page.mouse.wheel(0, 5000)
        stay_until(collector, "/", "scroll")
        page.evaluate("scrollTo(0, 0)")
        page.click("a")
        page.wait_for_url("**/pricing")
        page.click("a")
        stay_until(collector, "/contact", "form_view")
        page.fill("[name=email]", "Hanako@tanaka-kogyo.co.jp")
        page.click("button")
        stay_until(collector, "/contact", "identify")
    collector.stop()
    _run(collector)
    with duckdb.connect(str(collector.home.warehouse), read_only=True) as connection:
        yield connection


def _run(collector: Collector) -> None:
    """Extract, load and build what the facts need: a night without its tests and all other marts."""
    home: Home = collector.home
    as_of = datetime.now(UTC)
    ingestion.extract(ingestion.read_sources(collector.sources), "web", home, as_of, print)
    ingestion.load(home, as_of, print)
    transformation._prepare("identity", home)
    with transformation.project_environment(home):
        outcome = dbtRunner().invoke(
            [
                *("build", "--select", "+fct_events", "+int_canonical__contents", "--quiet"),
                *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
                *("--project-dir", str(transformation.PROJECT), "--profiles-dir", str(transformation.PROJECT)),
                *("--target-path", str(home.dbt_target), "--log-path", str(home.dbt_logs)),
                *("--vars", f"{{as_of: '{as_of:%Y-%m-%d %H:%M:%S.%f}'}}"),
            ]
        )
    transformation.DuckDBConnectionManager.close_all_connections()
    assert outcome.success, outcome.exception


@pytest.mark.xdist_group("dbt")
def test_all_of_the_visit_is_one_known_person(warehouse: duckdb.DuckDBPyConnection) -> None:
    persons = warehouse.execute("select distinct person_id, session_id from marts.fct_events").fetchall()

    assert len(persons) == 1
    assert None not in persons[0]


@pytest.mark.xdist_group("dbt")
def test_the_facts_hold_what_the_visitor_did(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select event_name, page_path, content_id, channel, campaign_id from marts.fct_events"
    ).fetchall()

    seen = [(name, path, content) for name, path, content, *_ in found if name != "user_engagement"]
    assert Counter(seen) == Counter(
        [
            ("page_view", "/", "/"),
            ("cta_view", "/", "see-prices"),
            ("scroll", "/", "/"),
            ("cta_click", "/", "see-prices"),
            ("page_view", "/pricing", "/pricing"),
            ("view_pricing", "/pricing", "/pricing"),
            ("page_view", "/contact", "/contact"),
            ("form_view", "/contact", "web:demo"),
            ("form_start", "/contact", "web:demo"),
            # The page and the site's server both told of it.
            ("form_submit", "/contact", "web:demo"),
            ("page_view", "/contact", "/contact"),
            ("identify", "/contact", "/contact"),
        ]
    )
    assert {(channel, campaign) for *_, channel, campaign in found} == {("paid_search", "spring")}


@pytest.mark.xdist_group("dbt")
def test_the_session_is_converted(warehouse: duckdb.DuckDBPyConnection) -> None:
    sessions = warehouse.execute(
        """
        select
            channel, landing_path, page_view_count, cta_view_count, cta_click_count, is_converted, max_scroll_percent,
            dwell_seconds between 1 and 60
        from marts.fct_sessions
        """
    ).fetchall()

    assert sessions == [("paid_search", "/", 4, 1, 1, True, 100, True)]


@pytest.mark.xdist_group("dbt")
def test_the_form_is_a_content_with_a_name(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute("select * from intermediate.int_canonical__contents").fetchall()

    assert [row[:3] for row in found] == [("web:demo", "demo", "form")]

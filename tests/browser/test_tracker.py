"""What the tracker sends and keeps, in a real browser against the real collector."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Collector, until
from tests.browser.website import Website

pytestmark = pytest.mark.xdist_group("browser")  # one collector for all


def cookies(visitor: BrowserContext) -> dict[str, dict[str, object]]:
    return {cookie["name"]: dict(cookie) for cookie in visitor.cookies()}


def stay(page: Page) -> None:
    """Stay on a page for a little more than the second that things take to count."""
    page.wait_for_function("!!leadmill.track")
    page.wait_for_timeout(1300)


def test_a_page_tells_how_it_was_read(site: Website, collector: Collector, page: Page) -> None:
    long = '<div style="height: 3000px">Read me</div>'
    address = site.page("/read", long, 'data-pricing="/read"')

    page.goto(f"{address}?utm_source=news&email=hanako@example.jp#top")
    stay(page)
    page.mouse.wheel(0, 5000)
    page.wait_for_function("scrollY > 2000")
    page.goto("about:blank")

    left = until(lambda: collector.events("/read", event_name="user_engagement"))[0]
    assert {event["event_name"] for event in collector.events("/read")} == {
        *("page_view", "view_pricing", "scroll", "user_engagement")
    }
    assert left["scroll_percent"] == 100
    assert 1 <= left["dwell_seconds"] < 20
    # Only what tells where a visit came from stays of the address.
    assert {event["url"] for event in collector.events("/read")} == {f"{address}?utm_source=news&"}


def test_a_browser_keeps_one_id_for_thirteen_months(
    site: Website, collector: Collector, visitor: BrowserContext, page: Page
) -> None:
    site.page("/second", "two")
    page.goto(site.page("/first", '<a href="/second">Next</a>'))
    until(lambda: collector.events("/first"))
    made = cookies(visitor)["leadmill_id"]

    page.click("a")
    until(lambda: collector.events("/second"))

    ids = {event["anonymous_id"] for path in ("/first", "/second") for event in collector.events(path)}
    assert ids == {made["value"]}
    assert cookies(visitor)["leadmill_id"]["expires"] == made["expires"]
    days = (float(str(made["expires"])) - page.evaluate("Date.now() / 1000")) / 86400
    assert 389 < days <= 390
    assert (made["sameSite"], made["secure"]) == ("Lax", True)
    assert collector.events("/second", event_name="page_view")[0]["referrer"] == f"{site.origin}/first"


def test_what_is_seen_for_a_second_and_clicked_is_told_once(site: Website, collector: Collector, page: Page) -> None:
    body = """
        <a data-leadmill-cta="demo" href="#demo"><b>Book a demo</b></a>
        <p data-leadmill-event="view_case_study">How others use it</p>
        <div style="height: 3000px"></div><a data-leadmill-cta="footer" href="#footer">Contact</a>
    """
    page.goto(site.page("/cta", body))

    until(lambda: collector.events("/cta", event_name="cta_view"))
    page.click("b")
    page.click("b")
    until(lambda: len(collector.events("/cta", event_name="cta_click")) == 2)

    assert [event["content_id"] for event in collector.events("/cta", event_name="cta_view")] == ["demo"]
    assert len(collector.events("/cta", event_name="view_case_study")) == 1


def test_a_form_is_seen_begun_and_sent(site: Website, collector: Collector, page: Page) -> None:
    body = """
        <form data-leadmill-form="demo" onsubmit="return false">
        <input name="email" type="email" data-leadmill-identify><input name="secret" value="not told">
        <input type="hidden" name="submission" data-leadmill-submission><button>Send</button></form>
        <form onsubmit="return false"><input name="q"><button id="search">Search</button></form>
    """
    page.goto(site.page("/form", body))

    until(lambda: collector.events("/form", event_name="form_view"))
    page.fill("[name=email]", "hanako@example.jp")
    page.click("button")
    page.click("#search")
    sent = until(lambda: collector.events("/form", event_name="form_submission"))

    assert [(event["content_id"], event["email"]) for event in sent] == [("demo", "hanako@example.jp")]
    assert page.input_value("[name=submission]") == sent[0]["event_id"]
    assert len(collector.events("/form", event_name="form_start")) == 1
    assert "not told" not in str(collector.events("/form"))


def test_a_page_of_one_application_is_a_page(site: Website, collector: Collector, page: Page) -> None:
    page.goto(site.page("/app", "<button onclick=\"history.pushState(0, '', '/app/settings')\">Settings</button>"))

    page.click("button")
    page.evaluate("history.replaceState(0, '', '/app/settings#tab')")
    page.go_back()
    until(lambda: len(collector.events("/app", event_name="page_view")) == 3)

    paths = [event["url"].removeprefix(site.origin) for event in collector.events("/app", event_name="page_view")]
    assert paths == ["/app", "/app/settings", "/app"]
    assert collector.events("/app/settings", event_name="page_view")[0]["referrer"] == f"{site.origin}/app"


def test_a_page_closed_at_once_has_sent_its_view(site: Website, collector: Collector, page: Page) -> None:
    page.goto(site.page("/closed", "short"))
    page.wait_for_function("!!leadmill.track")
    page.close(run_before_unload=True)

    assert until(lambda: collector.events("/closed", event_name="page_view"))


def test_what_could_not_be_sent_is_sent_by_the_next_page(
    site: Website, collector: Collector, visitor: BrowserContext, page: Page
) -> None:
    page.goto(site.page("/offline", "no network"))
    until(lambda: collector.events("/offline"))
    visitor.set_offline(True)
    page.evaluate("leadmill.track('file_download', {content_id: 'guide.pdf'})")
    page.goto("about:blank")

    visitor.set_offline(False)
    page.goto(site.page("/online", "network"))

    assert len(until(lambda: collector.events("/offline", event_name="file_download"))) == 1


def test_what_the_collector_does_not_take_is_sent_again(site: Website, collector: Collector, page: Page) -> None:
    refused: list[str] = []
    page.route("**/collect", lambda route: (refused.append(route.request.url), route.fulfill(status=503)))
    with page.expect_response("**/collect"):
        page.goto(site.page("/again", "busy"))

    page.unroute("**/collect")
    until(lambda: collector.events("/again"))

    assert len(refused) == 1
    assert len(collector.events("/again", event_name="page_view")) == 1


def test_many_large_events_are_sent(site: Website, collector: Collector, page: Page) -> None:
    """More at once than the 64 kB that a browser keeps alive for a page."""
    page.goto(site.page("/large", "much"))
    until(lambda: collector.events("/large", event_name="page_view"))

    page.evaluate("for (let i = 40; i--;) leadmill.track('large', {properties: {text: 'x'.repeat(2000)}})")

    until(lambda: len(collector.events("/large", event_name="large")) == 40)


def test_without_consent_nothing_is_kept_or_sent(
    site: Website, collector: Collector, visitor: BrowserContext, page: Page
) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    address = site.page("/consent", '<a data-leadmill-cta="demo" href="#">Demo</a>', 'data-consent="required"')
    page.goto(address)
    stay(page)
    page.goto(f"{address}?again")
    page.wait_for_function("!!leadmill.track")

    assert not any("/collect" in url for url in requests)
    assert not visitor.storage_state()["cookies"]
    assert page.evaluate("localStorage.length") == 0

    page.evaluate("leadmill.consent(true)")

    seen = until(lambda: collector.events("/consent"))
    assert {event["consent"] for event in seen} == {"granted"}
    assert set(cookies(visitor)) == {"leadmill_id", "leadmill_consent"}

    page.evaluate("leadmill.consent(false)")

    assert cookies(visitor)["leadmill_consent"]["value"] == "denied"
    assert "leadmill_id" not in cookies(visitor)


def test_who_opted_out_is_left_alone(site: Website, collector: Collector, visitor: BrowserContext, page: Page) -> None:
    requests: list[str] = []
    page.goto(site.page("/out", "<script>leadmill.push(['optOut'])</script>"))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(site.page("/after", "<script>leadmill.push(['consent', true])</script>"))
    page.evaluate("leadmill.identify('hanako@example.jp')")
    stay(page)

    assert not any("/collect" in url for url in requests)
    assert set(cookies(visitor)) == {"leadmill_consent"}
    assert not collector.events("/out")
    assert not collector.events("/after")


def test_a_browser_that_asks_not_to_be_tracked_is_not(
    site: Website, collector: Collector, visitor: BrowserContext, page: Page
) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto(site.page("/signal", "<script>leadmill.push(['track', 'x'])</script>", 'data-signals="honour"'))
    stay(page)

    assert not visitor.cookies()
    assert not collector.events("/signal")

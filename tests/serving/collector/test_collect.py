"""What `/collect` keeps, refuses and leaves out."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingestion import segments
from serving.collector.server import uvicorn_config
from tests.serving.collector.conftest import BROWSER, ORIGIN, Clock, Site, event


def test_an_event_is_kept_as_it_came_with_time_and_site(site: Site) -> None:
    sent = event(
        url="https://www.example.co.jp/price", value=1.5, properties={"a": [1, None], "b": None}, own_field={"b": "い"}
    )

    answer = site.collect(sent)

    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "refused": 0})
    assert site.kept() == [
        sent
        | {
            "sent_at": "2026-11-20T04:05:06.000Z",
            "received_at": "2026-11-20T04:05:06.000Z",
            "site": "www.example.co.jp",
        }
    ]


def test_what_the_server_knows_cannot_be_sent(site: Site) -> None:
    site.collect(event(site="www.example.com", received_at="2000-01-01T00:00:00Z", sent_at="2000-01-01T00:00:00Z"))

    [segment] = site.folder.glob("events/*")
    line = segment.read_bytes()
    assert [line.count(f'"{name}":'.encode()) for name in ("site", "received_at", "sent_at")] == [1, 1, 1]
    assert b"2000" not in line
    assert b"example.com" not in line


def test_what_is_answered_stands_on_the_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(
        "serving.collector.segment_writer._flush", lambda _: order.append(f"flushed {len(site.kept())} lines")
    )

    site.collect(event(), event())
    order.append("answered")

    assert order == ["flushed 2 lines", "answered"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_id", "no uuid"),
        ("event_id", None),
        ("event_name", ""),
        ("event_name", "x" * 101),
        ("occurred_at", 1_795_000_000),
        ("occurred_at", "2026-11-20 04:05:05"),  # of which zone?
        ("occurred_at", "0001-01-01T00:00:00Z"),
        ("anonymous_id", "x" * 201),
        ("url", "x" * 2049),
        ("dwell_seconds", -1),
        ("scroll_percent", 101),
        ("value", "much"),
        ("consent", "maybe"),
        ("email", "no address"),
        ("properties", "none"),
    ],
)
def test_one_wrong_event_costs_no_other(site: Site, field: str, value: Any) -> None:
    answer = site.collect(event(), event(**{field: value}))

    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (1, 1)
    assert (told["errors"][0]["event"], told["errors"][0]["field"]) == (1, field)
    assert len(site.kept()) == 1


def test_a_request_of_wrong_events_only_is_refused_without_their_values(site: Site) -> None:
    answer = site.collect(event(email="secret, no address"))

    assert answer.status_code == 422
    assert "secret" not in answer.text
    assert site.kept() == []


def test_without_consent_nobody_is_told(site: Site) -> None:
    site.collect(
        event(consent="denied", user_id="7", email="a@example.com", url="/price", properties={"name": "花子"}, who="me")
    )

    [line] = site.kept()
    assert line.keys() == {"event_id", "event_name", "occurred_at", "consent", "url", "sent_at", "received_at", "site"}


def test_an_address_stays_only_where_the_event_is_about_who_it_is(site: Site) -> None:
    names = ["page_view", "identify", "form_submission"]

    site.collect(*(event(event_name=name, email="a@example.com") for name in names))

    assert [line.get("email") for line in site.kept()] == [None, "a@example.com", "a@example.com"]


def test_neither_address_nor_user_agent_of_the_client_is_kept(site: Site) -> None:
    site.collect(event())

    files = b"".join(path.read_bytes() for path in site.home.path.rglob("*") if path.is_file())
    assert b"anonymous-1" in files
    assert b"testclient" not in files
    assert b"Mozilla" not in files


@pytest.mark.parametrize("name", ["Googlebot/2.1", "Mozilla/5.0 HeadlessChrome/140", "facebookexternalhit/1.1"])
def test_bots_are_counted_and_not_kept(site: Site, name: str) -> None:
    answer = site.collect(event(), event(), **{"User-Agent": name})

    assert (answer.status_code, answer.json()) == (202, {"accepted": 0, "refused": 0})
    assert site.kept() == []
    assert site.client.get("/health").json()["bot_events"] == 2


@pytest.mark.parametrize("name", [BROWSER, "CUBOT_X18 Mobile Safari", "Android 12; CUBOT NOTE 20", ""])
def test_people_are_no_bots(site: Site, name: str) -> None:
    assert site.collect(event(), **{"User-Agent": name}).json()["accepted"] == 1


def test_a_foreign_page_is_refused(site: Site) -> None:
    assert site.collect(event(), Origin="https://www.example.com").status_code == 403
    assert site.kept() == []


def test_a_server_needs_no_origin(site: Site) -> None:
    answer = site.client.post("/collect", json={"events": [event()]})

    assert answer.status_code == 202
    assert (site.kept()[0]["site"], site.kept()[0]["sent_at"]) == (None, None)


def test_only_configured_origins_may_ask(site: Site) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}

    ours = site.client.options("/collect", headers=asked | {"Origin": ORIGIN})
    foreign = site.client.options("/collect", headers=asked | {"Origin": "https://www.example.com"})

    assert (ours.status_code, ours.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert foreign.status_code == 400
    assert "access-control-allow-origin" not in foreign.headers


def test_limits_of_size(site: Site) -> None:
    large = json.dumps({"events": [event(properties={"text": "x" * 65_536})]})

    assert site.collect(*[event()] * 51).status_code == 422
    assert site.client.post("/collect", content=large, headers=site.headers()).status_code == 413
    assert site.client.post("/collect", content=iter([large.encode()]), headers=site.headers()).status_code == 413
    assert site.client.post("/collect", content=b"{}", headers={"Content-Type": "text/xml"}).status_code == 415
    assert site.kept() == []


def test_a_client_that_asks_too_often_is_told_when_to_come_back(open_site: Callable[..., Site], clock: Clock) -> None:
    site = open_site(requests_per_minute=2)

    assert [site.collect(event()).status_code for _ in range(3)] == [202, 202, 429]
    assert site.collect(event()).headers["retry-after"] == "30"
    clock.advance(seconds=30)
    assert site.collect(event()).status_code == 202
    clock.advance(days=1)  # the salt is new, and nobody is known any more
    assert [site.collect(event()).status_code for _ in range(3)] == [202, 202, 429]


@pytest.mark.parametrize(("trusted", "third"), [(["127.0.0.0/8"], 202), ([], 429)])
def test_clients_behind_a_trusted_proxy_are_told_apart(
    open_site: Callable[..., Site], trusted: list[str], third: int
) -> None:
    site = open_site(requests_per_minute=2, trusted_proxies=trusted)
    config = uvicorn_config(site.app, site.settings)
    config.load()
    proxied = TestClient(config.loaded_app, client=("127.0.0.1", 1))

    answers = [
        proxied.post("/collect", json={"events": []}, headers={"X-Forwarded-For": f"9.9.9.9, 203.0.113.{client}"})
        for client in (1, 1, 2, 1)
    ]

    assert [answer.status_code for answer in answers] == [202, 202, third, 429]


def test_a_full_disk_is_told_and_nothing_is_lost_when_it_has_room_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.collect(event(title="before"))
    with monkeypatch.context() as patch:
        patch.setattr("serving.collector.segment_writer._flush", _fail)
        answer = site.collect(event(title="while"))
        assert site.client.get("/health").status_code == 503
    after = site.collect(event(title="after"))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert after.status_code == 202
    assert {"before", "after"} <= {line["title"] for line in site.kept()}
    # Nothing was written to the file whose flush had failed, and it is sealed with the others.
    assert sorted(path.read_bytes().count(b"\n") for path in site.folder.glob("events/*")) == [1, 2]
    site.writer._seal_old()
    assert sorted(path.suffix for path in site.folder.glob("events/*")) == [".jsonl", ".open"]
    assert site.client.get("/health").status_code == 200


def _fail(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_the_snippet_is_served_with_its_age(site: Site) -> None:
    answer = site.client.get("/tracker.js")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=3600"


def test_stopping_seals_what_is_open(site: Site, open_site: Callable[..., Site]) -> None:
    site.collect(event())

    open_site()

    assert [path.suffix for path in (site.folder / "events").iterdir()] == [".jsonl"]
    assert not list(site.folder.rglob(f"*{segments.OPEN}"))

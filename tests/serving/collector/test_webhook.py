"""Signed form submissions: who may send them, and that each has one effect."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from serving.collector.outbox import Outbox
from serving.collector.signatures import signature
from tests.serving.collector.conftest import NOW, SECRET, TOOL_SECRET, Clock, Site, submission, wait_until
from tests.serving.collector.tool import Tool


def test_a_submission_is_kept_as_it_came(site: Site) -> None:
    sent = submission(submission_id="s-1", own_field=[1])

    answer = site.submit(sent)

    assert (answer.status_code, answer.json()) == (202, {"submission_id": "s-1"})
    received = {"received_at": "2026-11-20T04:05:06.000Z", "site": "www.example.co.jp"}
    assert site.kept("form_submissions") == [sent | received | {"submitted_at": "2026-11-20T04:05:00.000Z"}]


def test_the_signature_is_the_documented_one() -> None:
    # printf '1763611506.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of the site'
    assert (
        signature("a secret of the site", "1763611506", b'{"a":1}')
        == "v1=be46f584f9d2f7c44e110fdf473f3de7db8a2beac15f26f3a442eff60155453c"
    )


def test_without_a_true_signature_nothing_happens(site: Site) -> None:
    body = json.dumps(submission()).encode()
    now = str(int(NOW.timestamp()))
    true = signature(SECRET, now, body)
    forged: dict[str, dict[str, Any]] = {
        "other secret": {"secret": "a secret that is not known"},
        "none": {"X-Leadmill-Signature": ""},
        "empty": {"X-Leadmill-Signature": "v1="},
        "not ASCII": {"X-Leadmill-Signature": "v1=é".encode()},
        "other version": {"X-Leadmill-Signature": true.removeprefix("v1=")},
        "other time": {"X-Leadmill-Signature": true, "X-Leadmill-Timestamp": str(int(now) + 1)},
        "no time": {"X-Leadmill-Signature": signature(SECRET, "soon", body), "X-Leadmill-Timestamp": "soon"},
        "late": {"at": NOW - timedelta(seconds=301)},
        "early": {"at": NOW + timedelta(seconds=301)},
    }

    answers = {how: site.submit(body, **given) for how, given in forged.items()}
    answers["a byte changed"] = site.submit(body.replace(b"contact", b"contacT"), **{"X-Leadmill-Signature": true})

    assert {how: answer.status_code for how, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert len({answer.text for answer in answers.values()}) == 1  # and none tells what was wrong
    assert site.kept("form_submissions") == []
    assert site.submit(body).status_code == 202


def test_without_secrets_nobody_may_submit(open_site: Callable[..., Site]) -> None:
    assert open_site(webhook_secrets=[]).submit(submission()).status_code == 401


def test_two_secrets_are_valid_while_they_are_changed(open_site: Callable[..., Site]) -> None:
    site = open_site(webhook_secrets=["the secret that goes", "the secret that comes"])

    assert site.submit(submission(), key="1", secret="the secret that goes").status_code == 202  # noqa: S106
    assert site.submit(submission(), key="2", secret="the secret that comes").status_code == 202  # noqa: S106


def test_the_same_key_gets_the_same_answer_also_after_a_restart(
    open_site: Callable[..., Site], clock: Clock, tool: Tool
) -> None:
    forward = [{"to": "webhook", "url": tool.url, "secret": TOOL_SECRET}]
    site = open_site(forward=forward)
    first = site.submit(submission())
    again = site.submit(submission())
    clock.advance(days=2)

    site = open_site(forward=forward)
    later = site.submit(submission())

    wait_until(lambda: site.outbox.counts()["waiting"] == 0)
    assert first.json() == again.json() == later.json()
    assert (again.status_code, later.status_code) == (202, 202)
    assert len(site.kept("form_submissions")) == 1
    assert len(tool.requests) == 1


def test_a_key_stands_for_one_body(site: Site) -> None:
    site.submit(submission())

    assert site.submit(submission(form_id="other")).status_code == 409
    assert site.submit(submission(), key="").status_code == 422
    assert site.submit(submission(), key="x" * 201).status_code == 422
    assert len(site.kept("form_submissions")) == 1


def test_a_recorded_request_cannot_be_played_again(site: Site) -> None:
    site.submit(submission(), key="key-1")

    assert site.submit(submission(), key="key-2").status_code == 401  # same second, same body, same signature
    assert site.submit(submission(), key="key-1").status_code == 202
    assert len(site.kept("form_submissions")) == 1


def test_a_crash_between_landing_and_outbox_leaves_one_submission(
    site: Site, tool: Tool, open_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(forward=[{"to": "webhook", "url": tool.url, "secret": TOOL_SECRET}])
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "accept", _crash)
        with pytest.raises(ConnectionError):
            site.submit(submission())
    again = site.submit(submission())

    assert again.status_code == 202
    ids = [line["submission_id"] for line in site.kept("form_submissions")]
    assert ids == [again.json()["submission_id"]] * 2  # the models keep one
    wait_until(lambda: len(tool.requests) == 1)


def _crash(*_: Any, **__: Any) -> None:
    raise ConnectionError


def test_one_key_sent_twice_at_once_is_one_submission(site: Site) -> None:
    async def twice() -> list[int]:
        answers = await asyncio.gather(*(asyncio.to_thread(site.submit, submission()) for _ in range(8)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(twice()) == [202] * 8
    assert len(site.kept("form_submissions")) == 1


@pytest.mark.parametrize("field", ["submission_id", "anonymous_id", "consent"])
def test_an_empty_hidden_field_or_cookie_costs_no_submission(site: Site, field: str) -> None:
    answer = site.submit(submission(**{field: ""}))

    assert answer.status_code == 202
    [line] = site.kept("form_submissions")
    assert line[field] == (answer.json()["submission_id"] if field == "submission_id" else None)


def test_without_consent_a_submission_is_tied_to_no_browser(site: Site) -> None:
    site.submit(submission(consent="denied"))

    [line] = site.kept("form_submissions")
    assert (line["anonymous_id"], line["email"]) == (None, "hanako@example.co.jp")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", None),
        ("email", "hanako"),
        ("form_id", ""),
        ("submitted_at", "today"),
        ("fields", []),
        ("consent", "?"),
    ],
)
def test_a_wrong_submission_is_told_without_its_values(site: Site, field: str, value: Any) -> None:
    answer = site.submit(submission(**{field: value}))

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{field}: ")
    assert "hanako" not in answer.text
    assert site.submit(submission()).status_code == 202  # the key is free for the mended one


def test_senders_are_throttled(open_site: Callable[..., Site]) -> None:
    site = open_site(webhooks_per_minute=1)

    assert [site.submit(submission()).status_code for _ in range(2)] == [202, 429]

"""Whatever strangers send: never a fault, and what is accepted loads, or one of them could stop a night."""

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.text import MARK
from leadmill.settings import Home
from tests.ingestion.deliveries import Company
from tests.serving.collector.conftest import Site, event, submission
from tests.serving.collector.test_segments import AS_OF, WEB

# One collector serves all examples: what it has kept before does not matter to the next.
EXAMPLES = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXT = st.text(st.characters()) | st.sampled_from(["\x00", MARK, "\u2028", "=1+1", "9" * 400])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
EVENT_FIELDS = st.dictionaries(
    st.sampled_from([*event(), "email", "user_id", "url", "value", "properties", "model_config", "__class__", "site"])
    | TEXT,
    JSON,
)
SUBMISSION_FIELDS = st.dictionaries(st.sampled_from([*submission(), "submission_id", "site", "model_config"]), JSON)
SUBMISSIONS = (
    st.binary()
    | SUBMISSION_FIELDS.map(lambda fields: submission() | fields)
    | JSON.map(lambda content: submission(fields={"any": content}, any=content))
)
BODIES = (
    st.binary()
    | st.text(st.characters(exclude_categories=[])).map(lambda text: {"events": [event(title=text)]})
    | JSON
    | JSON.map(lambda content: {"events": content, "sent_at": content})
    | EVENT_FIELDS.map(lambda fields: {"events": [event() | fields]})
    | JSON.map(lambda content: {"events": [event(properties={"any": content}, any=content)]})
    | st.integers(1, 60_000).map(lambda depth: b'{"events":' + b"[" * depth)
    | st.integers(1, 300).map(
        lambda depth: json.dumps({"events": [event(any="?")]}).replace('"?"', "[" * depth + "]" * depth).encode()
    )
)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    folder = tmp_path / "company"
    folder.mkdir()
    return Company(folder, Home(path=tmp_path / "home"))


def encoded(body: object) -> bytes:
    """Return a body as bytes; text may hold half of a surrogate pair, as browsers can send it."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def test_events(company: Company, open_site: Callable[..., Site]) -> None:
    site = open_site(requests_per_minute=10**9)
    accepted = 0

    @EXAMPLES
    @given(body=BODIES)
    def send(body: object) -> None:
        nonlocal accepted
        answer = site.client.post("/collect", content=encoded(body), headers=site.headers())
        assert answer.status_code in {202, 422}
        accepted += answer.json().get("accepted", 0)

    send()
    open_site()  # seals

    loaded = company.run(company.sources(WEB), AS_OF)
    assert company.query("select reason, column_name, row_text from ops.quarantine") == []
    assert loaded.rows_loaded == accepted
    assert accepted > 50


def test_signed_submissions(company: Company, open_site: Callable[..., Site]) -> None:
    site = open_site(webhooks_per_minute=10**9)
    numbers, accepted = count(), 0

    @EXAMPLES
    @given(body=SUBMISSIONS)
    def send(body: object) -> None:
        nonlocal accepted
        answer = site.submit(encoded(body), key=str(next(numbers)))
        assert answer.status_code in {202, 422, 401}  # 401: the same body in the same second under another key
        accepted += answer.status_code == 202

    send()
    open_site()

    loaded = company.run(company.sources(WEB), AS_OF)
    assert company.query("select reason, column_name, row_text from ops.quarantine") == []
    assert loaded.rows_loaded == accepted
    assert accepted > 50

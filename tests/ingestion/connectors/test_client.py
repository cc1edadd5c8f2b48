"""The client of vendors' APIs: downloads that break off, and the pace of requests."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from requests import Response
from requests.adapters import HTTPAdapter

from ingestion.connectors import Fetch, Settings
from ingestion.connectors.client import ATTEMPTS, Api
from leadmill.errors import LeadmillError
from tests.ingestion.connectors.server import Answer, Request, Vendor

CONTENT = b"id,name\n" + b"1,a\n" * 1000


class Files(Vendor):
    """A vendor of one file."""

    has_open_paths = r"."

    def answer(self, request: Request) -> Answer:
        return Answer(CONTENT, headers={"Content-Type": "text/csv"})


class FileSettings(Settings):
    """Settings of the vendor of one file."""

    def connect(self) -> Mapping[str, Fetch]:
        return {}


@pytest.fixture
def vendor() -> Iterator[Files]:
    """The vendor of one file."""
    with Files() as found:
        yield found


def test_a_download_that_breaks_off_begins_anew(vendor: Files, tmp_path: Path, waits: list[float]) -> None:
    vendor.fail("file", "cut", times=2)

    headers = Api(FileSettings(url=vendor.url)).download("/file.csv", tmp_path / "file.csv")

    assert (tmp_path / "file.csv").read_bytes() == CONTENT
    assert headers["Content-Length"] == str(len(CONTENT))
    assert waits == [1, 2]


def test_a_download_that_never_comes_whole_leaves_no_file(vendor: Files, tmp_path: Path) -> None:
    vendor.fail("file", "cut", times=ATTEMPTS)

    with pytest.raises(LeadmillError, match=r"GET /file\.csv broke off 5 times; run again later"):
        Api(FileSettings(url=vendor.url)).download("/file.csv", tmp_path / "file.csv")

    assert not list(tmp_path.iterdir())


def test_requests_keep_the_pace(vendor: Files, waits: list[float]) -> None:
    api = Api(FileSettings(url=vendor.url, requests_per_second=0.01))

    for _ in range(3):
        api.get("/file.csv")

    assert waits == [pytest.approx(100, abs=20), pytest.approx(200, abs=20)]


def test_tokens_too_are_asked_for_with_the_time_out(vendor: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[float | None] = []
    send = HTTPAdapter.send

    def sending(*arguments: Any, **named: Any) -> Response:
        found.append(named["timeout"])
        return send(*arguments, **named)

    monkeypatch.setattr(HTTPAdapter, "send", sending)

    Api(FileSettings(url=vendor.url, timeout_seconds=7)).session.post(f"{vendor.url}/oauth/token")

    assert found == [7]

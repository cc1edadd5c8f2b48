"""From segments to raw: each once, those of a killed server too."""

import contextlib
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import ingestion
from ingestion import extraction, segments
from leadmill.settings import Home
from tests.ingestion.deliveries import Company
from tests.serving.collector.conftest import NOW, ORIGIN, Clock, Site, event

WEB = {"name": "web", "system": "collector", "collector": {"allowed_origins": [ORIGIN]}}
AS_OF = NOW + timedelta(hours=1)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """A company in the home of the site."""
    folder = tmp_path / "company"
    folder.mkdir()
    return Company(folder, Home(path=tmp_path / "home"))


def ids(company: Company) -> list[str]:
    """Return the ids of the events in raw."""
    return [event_id for (event_id,) in company.raw("collector__events", "event_id")]


def left(company: Company) -> list[str]:
    """Return the segments that stand in the home."""
    return sorted(path.suffix for path in (company.home.path / "collector").glob("*/events/*"))


def abandon(company: Company, content: bytes, written_at: datetime = NOW) -> None:
    """Leave an open segment, as a killed server does."""
    folder = segments.folder_of(company.home, "web") / "events"
    folder.mkdir(parents=True, exist_ok=True)
    segment = segments.new_segment(folder)
    segment.write_bytes(content)
    os.utime(segment, (written_at.timestamp(),) * 2)


def line(number: int) -> bytes:
    """Return a line of an event."""
    content = f'{{"event_id":"e-{number}","event_name":"page_view","occurred_at":"2026-11-20T04:05:05Z",'
    return content.encode() + b'"received_at":"2026-11-20T04:05:06Z"}\n'


def test_what_was_collected_comes_into_raw(company: Company, site: Site, open_site: Callable[..., Site]) -> None:
    sent = [event(url="/price", value=2, properties={"a": 1}, own_field="い"), event()]
    site.collect(*sent)
    open_site()  # a restart seals

    result = company.run(company.sources(WEB), AS_OF)

    assert (result.rows_loaded, result.rows_quarantined) == (2, 0)
    columns = "event_id, url, value, properties::varchar, _extra::varchar, received_at, _delivered_at"
    assert company.raw("collector__events", columns)[0] == (
        *(sent[0]["event_id"], "/price", 2.0, '{"a":1}', '{"own_field":"い"}'),
        *(NOW.replace(tzinfo=None), NOW.replace(tzinfo=None)),
    )


def test_a_landed_segment_goes_and_is_never_landed_again(company: Company) -> None:
    sources = company.sources(WEB)
    abandon(company, line(1))
    company.run(sources, AS_OF)
    assert left(company) == []
    abandon(company, line(2))

    company.run(sources, AS_OF + timedelta(days=1))

    assert ids(company) == ["e-1", "e-2"]


def test_a_segment_whose_removal_was_cut_short_is_not_landed_twice(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = company.sources(WEB)
    abandon(company, line(1))
    with monkeypatch.context() as patch:
        patch.setattr(extraction.segments, "remove", lambda *_: None)
        company.run(sources, AS_OF)
    assert left(company) == [".jsonl"]

    company.run(sources, AS_OF + timedelta(days=1))

    assert ids(company) == ["e-1"]
    assert left(company) == []


def test_a_torn_line_is_cut_off_and_told(company: Company) -> None:
    abandon(company, line(1) + line(2)[:-30])
    told: list[str] = []

    ingestion.extract(company.sources(WEB), "web", company.home, AS_OF, told.append)
    ingestion.load(company.home, AS_OF, told.append)

    assert ids(company) == ["e-1"]
    assert company.query("select count(*) from ops.quarantine") == [(0,)]
    cut = len(line(2)) - 30
    assert f"events: {cut} bytes of a line that was never acknowledged were cut off" in told


def test_an_open_segment_without_a_whole_line_goes(company: Company) -> None:
    abandon(company, line(1)[:20])
    abandon(company, b"")

    assert company.run(company.sources(WEB), AS_OF).rows_loaded == 0
    assert left(company) == []


def test_a_run_of_a_past_night_does_not_know_what_came_later(company: Company) -> None:
    sources = company.sources(WEB)
    abandon(company, line(1), written_at=AS_OF + timedelta(minutes=1))

    company.run(sources, AS_OF)
    assert left(company) == [".open"]
    company.run(sources, AS_OF + timedelta(days=1))

    assert ids(company) == ["e-1"]


def seal(company: Company, number: int, sealed_at: datetime) -> Path:
    """Put a sealed segment of one event there."""
    abandon(company, line(number))
    [segment] = segments.folder_of(company.home, "web").glob("events/*.open")
    segments.seal(segment, sealed_at)
    return max(segment.parent.glob("*.jsonl"))


def test_small_segments_land_as_one_file_an_hour(company: Company) -> None:
    for number in range(4):
        seal(company, number, NOW + timedelta(minutes=40 * number))

    company.run(company.sources(WEB), NOW + timedelta(minutes=80))
    assert ids(company) == ["e-0", "e-1", "e-2"]  # 04:05 and 04:45, 05:25; 06:05 comes later
    assert company.query("select rows_in from ops.files order by delivered_at") == [(2,), (1,)]
    company.run(company.sources(WEB), AS_OF + timedelta(days=1))

    assert ids(company) == ["e-0", "e-1", "e-2", "e-3"]
    assert left(company) == []


@pytest.mark.faults
@pytest.mark.parametrize("step", range(1, 14))
def test_killed_while_joining(company: Company, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        seal(company, number, NOW + timedelta(minutes=number))
    steps = iter(range(1, 100))

    def stopping(act: Callable[..., Any]) -> Callable[..., Any]:
        def done(*arguments: Any, **settings: Any) -> Any:
            if next(steps) == step:
                raise KeyboardInterrupt
            return act(*arguments, **settings)

        return done

    with monkeypatch.context() as patch:
        for owner, name in [(os, "fsync"), (Path, "rename"), (Path, "unlink"), (shutil, "copyfileobj")]:
            patch.setattr(owner, name, stopping(getattr(owner, name)))
        with contextlib.suppress(KeyboardInterrupt):
            segments.join(company.home, "web", AS_OF, set())

    segments.join(company.home, "web", AS_OF, set())

    [joined] = segments.deliveries(company.home, "web", "UTC", AS_OF, lambda _: None)
    assert joined.path.read_bytes() == line(0) + line(1) + line(2)
    assert left(company) == [".jsonl"]


def test_what_a_running_server_has_open_is_left_to_it(company: Company) -> None:
    abandon(company, line(1))
    with segments.writing(company.home, "web"):
        company.run(company.sources(WEB), AS_OF)

        assert left(company) == [".open"]


def test_old_segments_are_sealed_while_the_server_runs(
    site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = site.writer
    site.collect(event())
    writer._seal_old()
    assert len(list(site.folder.rglob("*.open"))) == 1

    monkeypatch.setattr(writer, "_seal_seconds", 0.0)
    writer._seal_old()

    [sealed] = site.folder.rglob("*.jsonl")
    assert sealed.name.startswith(f"{clock():%Y%m%dT%H%M%S}")
    assert datetime.strptime(sealed.name[:16], "%Y%m%dT%H%M%S.").replace(tzinfo=UTC) == NOW


def test_a_segment_that_could_not_be_sealed_is_sealed_later(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.collect(event())
    monkeypatch.setattr(site.writer, "_seal_seconds", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", _fail)
        site.writer._seal_old()
    assert site.collect(event()).status_code == 202

    site.writer._seal_old()

    assert [path.suffix for path in (site.folder / "events").iterdir()] == [".jsonl"] * 2


def _fail(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_large_segment_is_sealed_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.writer, "_seal_bytes", 1)

    site.collect(event())

    assert [path.suffix for path in (site.folder / "events").iterdir()] == [".jsonl"]

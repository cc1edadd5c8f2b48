"""The tracker's file: tests/browser drives it in a real browser."""

from hashlib import sha256
from pathlib import Path

import serving.collector

ROOM = Path(serving.collector.__file__).parent


def test_the_tracker_is_smaller_than_three_kilobytes() -> None:
    assert len((ROOM / "tracker.js").read_bytes()) < 3000


def test_the_tracker_was_made_of_its_source() -> None:
    source = (ROOM / "tracker.source.js").read_bytes()

    made_of = (ROOM / "tracker.js").read_text().splitlines()[0]

    assert made_of == f"// {sha256(source).hexdigest()[:8]}", "run `make tracker`"

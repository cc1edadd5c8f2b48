"""The fault run in small: nothing is lost and nothing comes twice, whenever a process is killed."""

from pathlib import Path
from random import Random

import pytest

from tests.faults.run import disturb_collector, disturb_nights

pytestmark = pytest.mark.faults


def test_killed_nights_leave_what_undisturbed_ones_do(tmp_path: Path) -> None:
    nights = disturb_nights(tmp_path, kills=12, chance=Random(5))  # noqa: S311

    assert nights.kills.total() >= 12
    assert nights.rows() > 0
    assert nights.differences() == []


def test_killed_collectors_lose_nothing_that_they_accepted(tmp_path: Path) -> None:
    under_load = disturb_collector(tmp_path, kills=8, chance=Random(5))  # noqa: S311

    assert under_load.kills.total() >= 8
    assert under_load.events_accepted
    assert under_load.losses() == []

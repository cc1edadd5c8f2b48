"""One small company for all tests that only look, in one worker."""

from datetime import date
from pathlib import Path

import pytest

from simulator import simulate

START = date(2025, 11, 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share the company in one worker."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("simulator"))


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year at scale 1: what rates and volumes are promised for."""
    folder = tmp_path_factory.mktemp("company") / "sample"
    simulate(folder, days=365, seed=1, scale=1, start=START, nights=3, progress=lambda _: None)
    return folder

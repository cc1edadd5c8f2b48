"""One sample company and the runs over it that several tests look at; all in one worker (see `xdist_group`)."""

from datetime import date
from pathlib import Path

import pytest

from simulator import simulate
from tests.nights import Company, run_night


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share the company's runs in one worker."""
    for item in items:
        if "end_to_end" in str(item.path):
            item.add_marker(pytest.mark.end_to_end)
            item.add_marker(pytest.mark.xdist_group("end_to_end"))


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company") / "sample"
    made = Company(folder, date(2025, 11, 1), days=200, nights=2)
    simulate(folder, days=made.days, seed=7, scale=0.5, start=made.start, nights=made.nights, progress=lambda _: None)
    return made


@pytest.fixture(scope="session")
def once(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of one run over everything; tests only read it."""
    home = tmp_path_factory.mktemp("once")
    run_night(home, company.sources, company.as_ofs[-1])
    return home


@pytest.fixture(scope="session")
def night_by_night(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of one run after each delivery; tests only read it."""
    home = tmp_path_factory.mktemp("nights")
    for as_of in company.as_ofs:
        run_night(home, company.sources, as_of)
    return home

"""The DAG in Airflow itself: loads, runs green in-process, is safe to retry, and backfills day by day."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from simulator import simulate
from tests.nights import Company, content_hashes, leadmill, query_warehouse, run_night

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]
DAGS = Path(__file__).parents[2] / "dags"
AIRFLOW = Path(sys.executable).parent / "airflow"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company") / "sample"
    made = Company(folder, date(2025, 11, 1), days=60, nights=1)
    simulate(folder, days=made.days, seed=3, scale=0.1, start=made.start, nights=made.nights, progress=lambda _: None)
    return made


@pytest.fixture(scope="module")
def environment(company: Company, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An Airflow of its own, with its own data home."""
    found = os.environ | {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "LEADMILL_HOME": str(tmp_path_factory.mktemp("home")),
        "LEADMILL_SOURCES": str(company.sources),
    }
    _airflow(found, "db", "migrate")
    return found


def test_the_dag_loads_without_import_errors(environment: dict[str, str]) -> None:
    listed = _airflow(environment, "dags", "list-import-errors", "--local", "--output", "json")

    assert json.loads(listed.stdout or "[]") == []


def test_backfilled_days_equal_one_run_of_the_last_and_a_rerun_is_safe(
    company: Company, environment: dict[str, str], tmp_path: Path
) -> None:
    home = Path(environment["LEADMILL_HOME"])
    run_night(tmp_path, company.sources, company.as_ofs[-1])

    for as_of in company.as_ofs:
        _airflow(environment, "dags", "test", "nightly", as_of)
    assert content_hashes(home) == content_hashes(tmp_path)

    loaded = query_warehouse(home, "select count(*), sum(rows_loaded) from ops.files")
    _airflow(environment, "dags", "test", "nightly", company.as_ofs[-1])
    assert query_warehouse(home, "select count(*), sum(rows_loaded) from ops.files") == loaded
    assert content_hashes(home) == content_hashes(tmp_path)
    assert leadmill("status", "--home", home).exit_code == 0


def _airflow(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run([AIRFLOW, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result

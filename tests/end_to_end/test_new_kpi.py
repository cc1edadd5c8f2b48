"""The worked example of docs/kpi.md: a row in the catalogue makes a KPI, a metric and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leadmill.semantic_layer import read_catalogue, semantic_layer
from leadmill.settings import Home
from tests.nights import query_warehouse

REPOSITORY = Path(__file__).parents[2]
DOCS = (REPOSITORY / "docs" / "kpi.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def example() -> str:
    """The row that the documentation tells to add."""
    found = re.search(r"```csv\n(.+)\n```", DOCS)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def extended(once: Path, example: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a home, whose KPIs were built anew by a copied project with one row more."""
    home, project = tmp_path_factory.mktemp("extended"), tmp_path_factory.mktemp("project") / "dbt_project"
    shutil.copy(Home(path=once).warehouse, Home(path=home).warehouse)
    shutil.copytree(REPOSITORY / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    with (project / "seeds" / "kpi_catalogue.csv").open("a", encoding="utf-8") as seed:
        seed.write(f"{example}\n")
    metrics = semantic_layer(read_catalogue(project / "seeds" / "kpi_catalogue.csv"))
    (project / "models" / "semantic" / "kpis.yml").write_text(metrics, encoding="utf-8")
    ((as_of,),) = query_warehouse(once, "select max(as_of) from ops.built")
    subprocess.run(  # noqa: S603
        [
            *(Path(sys.executable).with_name("dbt"), "--quiet", "build"),
            *("--select", "kpi_catalogue int_kpi__dimensions mart_kpi_values dim_kpi"),
            *("--exclude-resource-type", "unit_test"),
            *("--vars", json.dumps({"as_of": str(as_of)})),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", home / "target", "--log-path", home / "logs"),
        ],
        env={**os.environ, "LEADMILL_HOME": str(home)},
        check=True,
    )
    return home


def test_a_row_makes_a_kpi_by_the_dimensions_of_its_measures(extended: Path) -> None:
    found = query_warehouse(
        extended, "select distinct dimension from marts.mart_kpi_values where kpi_id = 'promising_rate' order by 1"
    )

    assert found == [("channel",), ("content",), ("overall",)]


def test_the_new_kpi_is_the_ratio_of_those_known_before(extended: Path) -> None:
    wrong = query_warehouse(
        extended,
        """
        with known as (from marts.mart_kpi_values where period_grain = 'month' and dimension = 'overall')
        select made.period_start, made.value, promising.value, surveyed.denominator
        from (from known where kpi_id = 'promising_rate') as made
        full join (from known where kpi_id = 'survey_response_rate') as surveyed using (period_start)
        left join (from known where kpi_id = 'promising_answers') as promising using (period_start)
        where made.value is distinct from coalesce(promising.value, 0) / surveyed.denominator
        """,
    )

    assert not wrong


def test_the_new_kpi_is_a_metric(extended: Path) -> None:
    manifest = json.loads((extended / "target" / "semantic_manifest.json").read_text())

    assert "promising_rate" in {metric["name"] for metric in manifest["metrics"]}


def test_the_documented_tree_is_the_catalogue() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", DOCS, flags=re.MULTILINE))
    labels = dict(re.findall(r'^    (\w+)\["(.+)"\]$', DOCS, flags=re.MULTILINE))
    catalogue = read_catalogue()

    assert drawn == {(kpi["kpi_id"], kpi["parent_kpi_id"]) for kpi in catalogue if kpi["parent_kpi_id"]}
    assert labels == {kpi["kpi_id"]: f"{kpi['name_en']}<br>{kpi['name_ja']}" for kpi in catalogue}

"""The dbt project on a company that has delivered nothing, and its unit tests."""

from datetime import UTC, datetime

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from ingestion.contract import create_raw_tables
from leadmill import transformation
from leadmill.settings import Home


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose every raw table is empty, with all models built."""
    home = Home(path=tmp_path_factory.mktemp("home"))
    with duckdb.connect(str(home.warehouse)) as connection:
        create_raw_tables(connection)
    for part in ("identity", "marts"):
        transformation.build(
            part,
            home,
            datetime(2026, 11, 1, tzinfo=UTC),
            business_timezone="Asia/Tokyo",
            reporting_currency="JPY",
            full_refresh=False,
            progress=print,
        )
    return home


@pytest.mark.xdist_group("dbt")
def test_every_model_builds_on_empty_sources(empty_home: Home) -> None:
    with duckdb.connect(str(empty_home.warehouse), read_only=True) as connection:
        marts = connection.execute("select count(*) from duckdb_tables() where schema_name = 'marts'").fetchall()

    assert marts[0][0] > 0


@pytest.mark.xdist_group("dbt")
def test_dbt_unit_tests_pass(empty_home: Home) -> None:
    with transformation.project_environment(empty_home):
        outcome = dbtRunner().invoke(
            [
                *("test", "--select", "test_type:unit"),
                *("--project-dir", str(transformation.PROJECT), "--profiles-dir", str(transformation.PROJECT)),
                *("--target-path", str(empty_home.dbt_target), "--log-path", str(empty_home.dbt_logs)),
                *("--vars", "{as_of: '2026-11-01 00:00:00'}", "--quiet"),
            ]
        )

    assert outcome.result.results
    assert outcome.success, [(found.node.name, found.message) for found in outcome.result if found.status != "pass"]

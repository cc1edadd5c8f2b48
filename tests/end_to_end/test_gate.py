"""A failing gate keeps the old version served, says why, and a reader of the old version is undisturbed."""

import shutil
from pathlib import Path

import pytest

import serving
from leadmill.settings import Home
from tests.nights import Company, content_hashes, leadmill, query, query_warehouse, run_night


@pytest.fixture
def poisoned(company: Company, once: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A home with published marts, and sources whose next delivery is mostly broken rows."""
    home, folder = tmp_path / "home", tmp_path / "company"
    shutil.copytree(once, home, symlinks=True)
    shutil.copytree(company.folder, folder, ignore=shutil.ignore_patterns("truth"))
    night = sorted((folder / "exports" / "salesforce").iterdir())[-1]
    (night / "Lead.jsonl").write_text('{"records": [{"Id": "00Q000000000001AAA"\n' * 5000)
    return home, folder / "sources.yml"


def test_refusal_keeps_the_old_version_and_says_why(company: Company, poisoned: tuple[Path, Path]) -> None:
    home, sources = poisoned
    before = content_hashes(home)
    with serving.open_marts(Home(path=home)) as reader:
        rows = reader.execute("select count(*) from marts.fct_events").fetchall()

        result = run_night(home, sources, company.as_ofs[-1], expect=3)

        assert reader.execute("select count(*) from marts.fct_events").fetchall() == rows
    assert content_hashes(home) == before
    assert "salesforce" in result.stderr
    assert "leads" in result.stderr
    assert "refused" in leadmill("status", "--home", home).stdout


def test_rollback_serves_the_former_version(company: Company, night_by_night: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(night_by_night, home, symlinks=True)
    kept = sorted(path.name for path in (home / "published").glob("2*"))

    assert leadmill("rollback", kept[0], "--home", home).exit_code == 0

    assert query(home, "select version from marts.mart_run") == [(kept[0],)]
    unknown = leadmill("rollback", "nonsense", "--home", home)
    assert unknown.exit_code == 2
    assert kept[0] in unknown.stderr


def test_no_personal_data_in_marts_or_output(company: Company, once: Path) -> None:
    addresses = {
        address
        for (address,) in query_warehouse(once, "select distinct lower(email) from raw.hubspot__contacts")
        if address
    }
    text_columns = query(
        once,
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and data_type = 'VARCHAR'",
    )

    leaked = [
        (table, column)
        for table, column in text_columns
        if query(once, f"""select 1 from marts."{table}" where "{column}" like '%_@_%.__%' limit 1""")
    ]

    texts = {
        text
        for table, column in text_columns
        for (text,) in query(once, f"""select distinct lower("{column}") from marts."{table}" """)
    }
    assert addresses
    assert not leaked
    assert not addresses & texts

"""The same inputs give the same marts: replayed, night by night, or in one run."""

import json
import shutil
from pathlib import Path

from tests.nights import OF_THE_RUN, Company, content_hashes, query_warehouse, run_night


def test_same_night_twice_publishes_identical_marts_and_loads_nothing_twice(
    company: Company, once: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(once, home, symlinks=True)
    before, rows_before = content_hashes(home), _raw_rows(home)

    run_night(home, company.sources, company.as_ofs[-1])

    assert content_hashes(home) == before
    assert _raw_rows(home) == rows_before


def test_nights_one_by_one_equal_one_run_over_all(once: Path, night_by_night: Path) -> None:
    assert content_hashes(night_by_night) == content_hashes(once)


def test_marts_of_a_past_night_are_reproduced_after_later_nights(
    company: Company, night_by_night: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(night_by_night, home, symlinks=True)
    first = sorted((home / "published").glob("2*"))[0]
    published = json.loads((first / "manifest.json").read_text())["tables"]

    run_night(home, company.sources, company.as_ofs[0])

    assert content_hashes(home) == {n: t["content_hash"] for n, t in published.items() if n not in OF_THE_RUN}


def test_rows_in_are_rows_loaded_and_quarantined_for_each_file(once: Path) -> None:
    files = query_warehouse(once, "select rows_in, rows_loaded, rows_quarantined from ops.files")
    raw_rows = sum(_raw_rows(once).values())

    assert files
    assert all(rows_in == loaded + set_aside for rows_in, loaded, set_aside in files)
    assert sum(loaded for _, loaded, _ in files) == raw_rows


def _raw_rows(home: Path) -> dict[str, int]:
    tables = query_warehouse(home, "select table_name from duckdb_tables() where schema_name = 'raw'")
    return {name: query_warehouse(home, f'select count(*) from raw."{name}"')[0][0] for (name,) in tables}

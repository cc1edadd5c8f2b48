"""A version is whole, readable by older clients, told by content, and switched at once."""

import struct
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home
from serving import current, publishing, rollback, versions
from serving.versions import KEPT
from tests.serving.conftest import AS_OF, published

STORAGE_OF_DUCKDB_1_0 = 64


def change(home: Home, sql: str) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(sql)


def test_a_version_holds_the_marts_and_nothing_else(home: Home) -> None:
    version = published(home)

    folder = home.published / version.version
    assert version.version == "20261031T150000Z-1"
    assert version == current(home)
    assert version.tables["fct_sessions"].rows == 3000
    assert version.tables["fct_sessions"].columns == {"session_id": "VARCHAR", "started_at": "TIMESTAMP"}
    assert sorted(path.stem for path in (folder / "parquet").iterdir()) == sorted(version.tables)
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "marts.duckdb", "parquet"}
    assert not any(path.stat().st_mode & 0o222 for path in folder.rglob("*") if path.is_file())
    with duckdb.connect() as reader:
        reader.execute(f"attach '{folder}/marts.duckdb' as published (read_only)")
        tables = reader.execute(
            "select table_schema, count(*) from information_schema.tables group by table_schema"
        ).fetchall()
        runs = reader.execute("select version, as_of, code_version from published.marts.mart_run").fetchall()
        parquet = reader.execute(f"select count(*) from '{folder}/parquet/fct_sessions.parquet'").fetchall()
    assert tables == [("marts", 7)]
    assert runs == [(version.version, AS_OF.replace(tzinfo=None), "0.1.0")]
    assert parquet == [(3000,)]


def test_the_file_has_the_storage_of_duckdb_1_0(home: Home) -> None:
    version = published(home)

    header = (home.published / version.version / "marts.duckdb").read_bytes()[:20]
    magic, storage = struct.unpack("<8x4sQ", header)
    assert (magic, storage) == (b"DUCK", STORAGE_OF_DUCKDB_1_0)
    with duckdb.connect() as reader:
        reader.execute(f"attach '{home.published}/current/marts.duckdb' as published (read_only)")
        tags = reader.execute("select tags from duckdb_databases() where database_name = 'published'").fetchall()
    assert tags[0][0]["storage_version"].startswith("v1.0.0")


def test_equal_content_has_equal_hashes_in_any_row_order(home: Home) -> None:
    first = published(home)
    change(home, "create or replace table marts.fct_sessions as from marts.fct_sessions order by session_id desc")
    second = published(home)

    assert second.version == "20261031T150000Z-2"
    assert _without_run(first.tables) == _without_run(second.tables)
    parquet = [home.published / v.version / "parquet" / "fct_sessions.parquet" for v in (first, second)]
    assert parquet[0].read_bytes() == parquet[1].read_bytes()


@pytest.mark.parametrize(
    "sql",
    [
        "update marts.fct_sessions set started_at = started_at + interval 1 second where session_id like '00%'",
        "insert into marts.fct_sessions from marts.fct_sessions limit 2",
        "alter table marts.fct_sessions rename started_at to began_at",
    ],
)
def test_other_content_has_another_hash(sql: str, home: Home) -> None:
    first = published(home)
    change(home, sql)

    assert published(home).tables["fct_sessions"].content_hash != first.tables["fct_sessions"].content_hash


def test_rollback_switches_and_is_written_down(home: Home) -> None:
    first, second = published(home), published(home)

    rollback(home, first.version)

    assert current(home) == first
    assert [v.version for v in versions(home)] == [first.version, second.version]
    history = (home.published / "history.jsonl").read_text().splitlines()
    assert len(history) == 3
    assert f'"rollback", "from": "{second.version}", "to": "{first.version}"' in history[-1]


def test_rollback_to_an_unknown_version_lists_those_that_exist(home: Home) -> None:
    first = published(home)

    with pytest.raises(InputError, match=first.version):
        rollback(home, "20200101T000000Z-1")

    assert current(home) == first


def test_the_last_versions_stay_and_the_served_one_always(home: Home) -> None:
    first = published(home)
    for day in range(KEPT):
        published(home, AS_OF + timedelta(days=day + 1))
    assert first not in versions(home)
    assert len(versions(home)) == KEPT

    oldest = versions(home)[0]
    rollback(home, oldest.version)
    publishing.prune(home)
    assert oldest in versions(home)


def test_a_backfill_of_an_earlier_as_of_is_served(home: Home) -> None:
    published(home)

    earlier = published(home, AS_OF - timedelta(days=30))

    assert current(home) == earlier
    assert versions(home)[-1] == earlier


def test_a_reader_of_the_old_version_is_undisturbed(home: Home) -> None:
    published(home)
    with duckdb.connect(str(home.published / "current" / "marts.duckdb"), read_only=True) as reader:
        count = "select count(*) from marts.marts.fct_sessions"
        assert reader.execute(count).fetchall() == [(3000,)]
        change(home, "delete from marts.fct_sessions where session_id like '0%'")
        for _ in range(KEPT + 1):  # until its version is gone
            published(home)

        assert reader.execute(count).fetchall() == [(3000,)]
        assert reader.execute("select count(distinct session_id) from marts.marts.fct_sessions").fetchall() == [(3000,)]


def test_without_marts_nothing_is_published(home: Home) -> None:
    before = published(home)
    change(home, "drop schema marts cascade")

    with pytest.raises(LeadmillError, match="nothing to publish"):
        published(home)

    assert current(home) == before
    assert not _unfinished(home)


def test_a_full_disk_leaves_the_old_version_served(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = published(home)

    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing, "_make_durable", full)
    with pytest.raises(LeadmillError, match="No space left on device"):
        published(home)

    assert current(home) == before
    assert not _unfinished(home)


def _without_run(tables: dict) -> dict:
    return {name: table for name, table in tables.items() if name != "mart_run"}


def _unfinished(home: Home) -> list[Path]:
    return list(home.published.glob(".unfinished-*"))

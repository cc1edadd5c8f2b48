"""The search finds a text in whatever form bytes hold it, and takes no longer text for it."""

import gzip
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from ingestion.erasure import search
from ingestion.erasure.identifiers import spellings
from leadmill.settings import Home

ADDRESS = "taro.yamada@acme.co.jp"


@pytest.mark.parametrize(
    "planted",
    [
        b"to Taro.YAMADA@acme.co.jp.",
        "渡辺taro.yamada@acme.co.jpです".encode(),
        "渡辺taro.yamada@acme.co.jpです".encode("cp932"),
        "taro.yamada@acme.co.jp".encode("utf-16-be"),
        "Taro.Yamada@acme.co.jp".encode("utf-16"),
        "ｔａｒｏ．ｙａｍａｄａ＠ａｃｍｅ．ｃｏ．ｊｐ".encode("cp932"),
        rb'{"to": "taro.yamada\u0040acme.co.jp"}',
        rb'{"text": "\ntaro.yamada@acme.co.jp"}',
        b"https://x.jp/?mail=taro.yamada%40acme.co.jp&x=1",
        b"x" * ((1 << 22) - 5) + b" taro.yamada@acme.co.jp",
    ],
)
def test_found_in_bytes(tmp_path: Path, planted: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(planted)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(planted))

    found = search.search(Home(path=tmp_path), {ADDRESS}).found

    assert found == {tmp_path / "a.txt": 1, tmp_path / "b.txt.gz": 1}


def test_what_a_collector_seals_later_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "collector" / "web" / "events"
    folder.mkdir(parents=True)
    for name in ("20261102T000000.000000Z-a.jsonl", "20261102T000001.000000Z-b.jsonl", "c.open"):
        (folder / name).write_text(ADDRESS)

    found = search.search(Home(path=tmp_path), {ADDRESS}, datetime(2026, 11, 2, tzinfo=UTC)).found

    assert [path.name for path in found] == ["20261102T000000.000000Z-a.jsonl"]


@pytest.mark.parametrize(
    "other",
    [
        b"staro.yamada@acme.co.jp",
        b"taro.yamada@acme.co.jpn",
        b"taro.yamada@acme.co.jp.example",
        b"x+taro.yamada@acme.co.jp",
    ],
)
def test_longer_address_is_another(tmp_path: Path, other: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(other)

    assert search.search(Home(path=tmp_path), {ADDRESS}).found == {}


@pytest.mark.parametrize(
    "value",
    [
        "ｔａｒｏ．ｙａｍａｄａ＠ａｃｍｅ．ｃｏ．ｊｐ",
        "/?mail=taro.yamada%40acme.co.jp",
        r'{"to": "taro.yamada\u0040acme.co.jp"}',
    ],
)
def test_found_in_values_that_write_it_otherwise(tmp_path: Path, value: str) -> None:
    with duckdb.connect(str(tmp_path / "b.duckdb")) as connection:
        connection.execute(
            "create table t as select $value || ' of row ' || n as text from range(9) r(n)", {"value": value}
        )
        connection.execute(f"copy t to '{tmp_path}/a.parquet' (format parquet, compression zstd)")

    # Hundreds of texts are searched for a few at a time.
    others = {text for number in range(60) for text in spellings(f"jiro{number}@acme.co.jp")}
    found = search.search(Home(path=tmp_path), {ADDRESS, *others}).found

    assert set(found) == {tmp_path / "a.parquet", tmp_path / "b.duckdb"}


def test_found_in_values_that_files_compress(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "b.duckdb")) as connection:
        connection.execute(
            f"create table t as select {{'inner': ['{ADDRESS} of row ' || n]}} as nested from range(9000) r(n)"
        )
        connection.execute(f"copy t to '{tmp_path}/a.parquet' (format parquet, compression zstd)")
    with sqlite3.connect(tmp_path / "c.sqlite") as outbox:
        outbox.execute("create table t (payload text)")
        outbox.execute("insert into t values (?)", (ADDRESS,))

    found = search.search(Home(path=tmp_path), {ADDRESS.upper()}).found

    assert sorted(path.name for path in found) == ["a.parquet", "b.duckdb", "c.sqlite"]
    assert found[tmp_path / "a.parquet"] >= 9000

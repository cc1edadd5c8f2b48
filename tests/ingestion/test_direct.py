"""The short way gives the rows of the long one, or fails, whatever the files hold."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion import loading
from ingestion import records as records_module
from ingestion.batches import batch_file, shape_of
from ingestion.copying import copying
from ingestion.direct import direct_sql
from ingestion.inspection import inspect
from ingestion.judging import value_of
from ingestion.landing import LandedFile
from ingestion.reading import Reading
from ingestion.records import BatchFile, Shape, records_of
from ingestion.transforms import register_functions
from tests.ingestion.deliveries import CARDS, Company

BOTH_WAYS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MAPPING = {"event_name": "name", "occurred_at": "at", "url": "place", "value": "amount"}
HEADER = "name,at,place,amount,note\n"
REGULAR = ("view", "2026-01-31", "山田", "1", "n")

names = st.sampled_from(["view", "", "\ufdd0", 'a"b', '"q"', "a,b", " x ", "\x00", "NULL", "line\nbreak", "\\", "'"])
times = st.sampled_from(["2026-01-31T03:04:05Z", "2026/1/31", "2026-13-01", "", "soon", "令和8年1月31日", "infinity"])
amounts = st.sampled_from(["12", "12.0", "1.005", "-0", "1e3", "", "¥1,234", "nan", "99999999999999999999", "0x1F"])


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        register_functions(opened)
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landed")


def landed(folder: Path, name: str, text: str, reading: Reading) -> LandedFile:
    """Land a text without a data home."""
    delivered, copy = folder / f"{name}.delivered", folder / f"{name}.txt"
    delivered.write_bytes(text.encode())
    with ThreadPoolExecutor(2) as pool, copying(delivered, copy, sha256(), pool) as source:
        readable, found = inspect(source, copy, reading, name)
    return LandedFile(
        name=copy.name,
        readable_name=readable.name,
        path=name,
        sha256="",
        bytes=len(text),
        delivered_at=datetime.fromisoformat("2026-11-01T00:00:00+09:00"),
        found=found,
    )


def batch_of(folder: Path, texts: list[str], file_format: str) -> tuple[Shape, list[BatchFile]]:
    """Land texts as files of one batch; those of other shapes than the first are left out."""
    reading = Reading.model_validate(
        {"system": "files", "stream": "event", "format": file_format, "encoding": "utf-8", "timezone": "Asia/Tokyo"}
        | {"mapping": MAPPING}
    )
    files = [landed(folder, str(number), text, reading) for number, text in enumerate(texts)]
    shape = shape_of(files[0], reading)
    return shape, [batch_file(file, folder) for file in files if shape_of(file, reading) == shape]


def rows(connection: duckdb.DuckDBPyConnection, sql: str, shape: Shape) -> list[tuple[Any, ...]]:
    """Return the rows that fit."""
    values = ", ".join(value_of(field) for field in shape.reading.fields)
    return connection.execute(
        f"select path, row_number, delivered_at, extra, {values} from ({sql}) where reason is null order by 1, 2"
    ).fetchall()


@BOTH_WAYS
@given(
    records=st.lists(st.tuples(names, times, names, amounts, st.sampled_from(["", "n"])), min_size=1, max_size=5),
    form=st.sampled_from(["{}\n", '"{}"\n', "{}"]),
    between=st.sampled_from(["", "", "\n", "a\n", ",,,,\n"]),
)
@example(records=[REGULAR], form="{}\n", between="")
@example(records=[REGULAR, REGULAR], form='"{}"\n', between="")
def test_csv(
    connection: duckdb.DuckDBPyConnection, folder: Path, records: list[tuple[str, ...]], form: str, between: str
) -> None:
    comma = '","' if '"' in form else ","
    text = HEADER + between.join(form.format(comma.join(record)) for record in records)
    shape, files = batch_of(folder, [text, HEADER + "view,2026-01-31,x,,\n"], "csv")
    long = rows(connection, records_of(shape, files, connection).sql, shape)
    short = direct_sql(shape, files)

    try:
        found = rows(connection, short, shape) if short else long
    except duckdb.InvalidInputException:
        return  # the loader goes the long way

    assert found == long


@BOTH_WAYS
@given(
    records=st.lists(
        st.fixed_dictionaries(
            {"name": names, "at": times},
            optional={
                "amount": st.one_of(amounts, st.floats(), st.integers(), st.none()),
                "place": names,
                "note": st.sampled_from(["", None, {"a": 1}]),
            },
        ),
        min_size=1,
        max_size=5,
    ),
    broken=st.sampled_from(
        ["", "null", "[1]", '{"name": "x"', "12", '{"name":"x","name":"y"}', " ", '{"NAME":1}', "{}"]
    ),
)
def test_json_keys_are_only_a_short_cut(
    connection: duckdb.DuckDBPyConnection, folder: Path, records: list[dict[str, Any]], broken: str
) -> None:
    text = "\n".join([*(json.dumps(record, ensure_ascii=False) for record in records), broken])
    shape, files = batch_of(folder, [text], "jsonl")
    found = rows(connection, records_of(shape, files, connection).sql, shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "_has_unusual_keys", lambda *_: "true")
        long = rows(connection, records_of(shape, files, connection).sql, shape)

    assert found == long


def test_regular_files_are_loaded_the_short_way(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.deliver({"cards/a.csv": 'id,day,mail\n1,2026-01-31,"a ""b"", c"\n2,2026-01-31,\n'})
    company.deliver({"cards/b.csv": "id,day,mail\n3,2026-01-31,c@example.com\n"})
    monkeypatch.setattr(records_module, "_csv_records", lambda *_: records_module.Records("broken", [], []))

    company.run(company.sources(CARDS))

    assert company.raw("files__lead", "lead_id, email, _file, _row_number") == [
        ("1", 'a "b", c', "cards/a.csv", 1),
        ("2", None, "cards/a.csv", 2),
        ("3", "c@example.com", "cards/b.csv", 1),
    ]


def test_a_file_that_is_not_regular_after_all_is_loaded_the_long_way(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.deliver({"cards/a.csv": 'id,day,mail\n1,2026-01-31,a\n2,2026-01-31,"b"c\n3,2026-01-31\n4,soon,d\n'})
    short_ways = []
    monkeypatch.setattr(loading, "direct_sql", lambda *given: short_ways.append(direct_sql(*given)) or short_ways[-1])

    result = company.run(company.sources(CARDS))

    assert short_ways[0]
    assert (result.rows_loaded, result.rows_quarantined) == (1, 3)
    assert company.raw("files__lead", "lead_id, _row_number") == [("1", 1)]

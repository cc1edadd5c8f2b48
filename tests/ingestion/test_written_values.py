"""Times, amounts and texts as people and Japanese tools write them: what each form, and each transform, becomes."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestion import parsing
from ingestion.contract import Column
from ingestion.mapping import MappedColumn
from ingestion.reading import Field, Reading
from ingestion.transforms import Transform, register_functions
from tests.ingestion.deliveries import utc

NEW_YEAR = utc(2026, 1, 2)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        register_functions(opened)
        opened.execute("set TimeZone = 'UTC'; set variable id_key = 'key'")
        yield opened


def read(connection: duckdb.DuckDBPyConnection, text: str, kind: str, **settings: Any) -> Any:
    """Return what the loader reads in a text of a mapped file."""
    reading = Reading(
        system="files", stream="lead", format="csv", encoding="utf-8", timezone="UTC", mapping={}, **settings
    )
    sql = parsing.from_text("$text", Field("x", Column(type=kind), ("x",)), reading)
    return connection.execute(f"select {sql} from (select 1)", {"text": text}).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", NEW_YEAR),
        ("2026/1/2 13:05", utc(2026, 1, 2, 13, 5)),
        ("2026年1月2日", NEW_YEAR),
        ("2026年01月02日（金） 13時05分30秒", utc(2026, 1, 2, 13, 5, 30)),
        ("２０２６／０１／０２　１３：０５", utc(2026, 1, 2, 13, 5)),
        ("令和8年1月2日", NEW_YEAR),
        ("令和元年5月1日", utc(2019, 5, 1)),
        ("㋿8年1月2日", NEW_YEAR),
        ("R8.1.2", NEW_YEAR),
        ("h31/4/30", utc(2019, 4, 30)),
        ("平成31年4月30日 9時", utc(2019, 4, 30, 9)),
        ("昭和64年1月7日", utc(1989, 1, 7)),
        ("2026/1/2 午後1時5分", utc(2026, 1, 2, 13, 5)),
        ("2026/1/2 午前12:00", NEW_YEAR),
        ("2026/1/2 12:30 PM", utc(2026, 1, 2, 12, 30)),
        ("2026.1.2 09:00+09:00", NEW_YEAR),
        ("2026年2月30日", None),
        ("2026年1月", None),
        ("26/1/2", None),
        ("8年1月2日", None),
        ("午後1時", None),
        ("来週", None),
    ],
)
def test_times(connection: duckdb.DuckDBPyConnection, text: str, moment: datetime | None) -> None:
    assert read(connection, text, "TIMESTAMP") == moment
    assert read(connection, text, "DATE") == (moment and moment.date())


def test_formats_are_tried_in_their_order(connection: duckdb.DuckDBPyConnection) -> None:
    formats = ("%Y%m%d", "%d/%m/%Y")

    found = [read(connection, text, "DATE", date_format=formats) for text in ("20260102", "02/01/2026", "2026年1月2日")]

    assert found == [date(2026, 1, 2)] * 3


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("1234", 1234, 1234),
        ("12.5", 12.5, None),
        ("1,234", 1234, 1.234),
        ("1,234.50", 1234.5, None),
        ("1.234,50", None, 1234.5),
        ("1 234,50", None, 1234.5),
        ("1,5", None, 1.5),
        ("1,23,4", None, None),
        ("¥1,234", 1234, 1.234),
        ("￥－１，２３４", -1234, -1.234),
        ("1,234円", 1234, 1.234),
        ("1.234 EUR", 1.234, 1234),
        ("(1,234)", -1234, -1.234),
        ("▲1,234", -1234, -1.234),
        ("△5", -5, -5),
        ("5-", -5, -5),
        ("-(5)", None, None),
        ("(5", None, None),
        ("12万", None, None),
        ("", None, None),
    ],
)
def test_amounts(connection: duckdb.DuckDBPyConnection, text: str, point: float | None, comma: float | None) -> None:
    found = [read(connection, text, "DECIMAL(18,3)", decimal_mark=mark) for mark in (".", ",")]

    assert found == [value if value is None else Decimal(str(value)) for value in (point, comma)]


@pytest.mark.parametrize(("text", "value"), [("1,200", 1200), ("１２", 12), ("12.0", 12), ("1,200.5", None)])
def test_whole_numbers(connection: duckdb.DuckDBPyConnection, text: str, value: int | None) -> None:
    assert read(connection, text, "BIGINT") == value


@pytest.mark.parametrize(
    ("transforms", "text", "found"),
    [
        (["trim"], "\u3000 山田\t", "山田"),
        (["lower"], "A@Example.com", "a@example.com"),
        (["upper"], "jpy", "JPY"),
        (["nfkc"], "㈱ｱｸﾞﾚ　１２", "(株)アグレ 12"),
        (["katakana"], "やまだ ヴ ゔ", "ヤマダ ヴ ヴ"),
        (["digits_only"], "０３-1234（代）", "031234"),
        (["digits_only"], "なし", None),
        ([{"empty_values": ["-", "なし", 0]}], "なし", None),
        ([{"empty_values": ["-", "なし", 0]}], "0", None),
        ([{"empty_values": ["-"]}], "a", "a"),
        (["trim", {"empty_values": ["-"]}], " - ", None),
        ([{"empty_values": ["-"]}, "trim"], " - ", "-"),
        ([{"map": {"済": "attended", 1: True}}], "済", "attended"),
        ([{"map": {"済": "attended", 1: True}}], "1", "true"),
        ([{"map": {"済": "attended"}}], "他", "他"),
        ([{"multiply_by": 1000}], "1,234.5", "1234500.000000000000"),
        ([{"multiply_by": 0.000001}], "1500000", "1.500000000000"),
        ([{"multiply_by": 1000}], "約3", "約3 × 1000"),
        ([{"multiply_by": 1000}], None, None),
        ([{"multiply_by": 99999999}], "9" * 19, f"{'9' * 19} × 99999999"),
        ([{"extract": r'^="(.*)"$'}], '="0901"', "0901"),
        ([{"extract": r'^="(.*)"$'}], "0901", "0901"),
        ([{"extract": "(x*)$"}], "a", None),
        (["lower"], None, None),
    ],
)
def test_transforms(
    connection: duckdb.DuckDBPyConnection, transforms: list[Any], text: str | None, found: str | None
) -> None:
    column = MappedColumn.model_validate({"from": "x", "transforms": transforms})
    field = Field("x", Column(type="VARCHAR"), column.names, transforms=column.transforms)
    reading = Reading(system="files", stream="lead", format="csv", encoding="utf-8", timezone="UTC")

    sql = parsing.field_text(field, ["$text"], reading)

    assert connection.execute(f"select {sql} from (select 1)", {"text": text}).fetchall() == [(found,)]


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ("trimm", "did you mean 'trim'"),
        ("map", "needs an argument"),
        ({"lower": 1}, "takes no argument"),
        ({"map": ["a"]}, "old and new texts"),
        ({"map": {True: "attended", "No": "absent"}}, "yes, no, .* in quotes"),  # `Yes: attended`, read by YAML
        ({"empty_values": ["-", False]}, "yes, no, .* in quotes"),
        ({"empty_values": "-"}, "a list of texts"),
        ({"multiply_by": "many"}, "a number"),
        ({"multiply_by": 0.0000001}, "more than 6 digits"),
        ({"multiply_by": 1e9}, "out of range"),
        ({"extract": "("}, "no regular expression"),
        ({"extract": "a"}, "needs one group"),
        ({"trim": None, "lower": None}, "allowed: trim, lower"),
        (3, "allowed: trim, lower"),
    ],
)
def test_a_wrong_transform_says_what_is_allowed(transform: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Transform.model_validate(transform)


def test_a_mapping_is_written_as_it_was_read() -> None:
    form = {"from": ("姓", "名"), "transforms": ("trim", {"map": {"済": "attended"}}, {"multiply_by": "0.01"})}

    column = MappedColumn.model_validate(form)

    assert column.model_dump() == form
    assert MappedColumn.model_validate_json(column.model_dump_json()) == column


def test_ids_of_columns_follow_the_normalised_values(connection: duckdb.DuckDBPyConnection) -> None:
    reading = Reading(system="files", stream="lead", format="csv", encoding="utf-8", timezone="UTC")
    field = Field("lead_id", Column(type="VARCHAR"), ("a", "b"), is_hashed=True)
    sql = parsing.field_text(field, ["a", "b"], reading)
    rows = [("㈱Ａ", "x@a.jp"), ("(株)a ", " X@A.JP"), ("(株)a", None), (None, "(株)a"), (None, None)]

    values = connection.execute(f"select {sql} from (values {', '.join(['(?, ?)'] * 5)}) as t(a, b)", sum(rows, ()))

    first, same, company, mail, none = (value for (value,) in values.fetchall())
    assert first == same
    assert len({first, company, mail}) == 3
    assert none is None
    assert len(first) == 32


signs = "0123456789０１２年月日時分秒令和平成元午前後RHSTAPM/.-:+,() ¥円▲△−T\u3000"
likely_texts = st.one_of(st.text(st.sampled_from(signs), max_size=24), st.text(max_size=12))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(likely_texts, min_size=1, max_size=200))
def test_no_text_breaks_a_form_or_a_transform(connection: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    """One error would stop a night; what is read where there was a text is of its type, or nothing."""
    steps: list[Any] = [
        "trim",
        "upper",
        "nfkc",
        "katakana",
        {"map": {"1": "2"}},
        {"extract": r"(\d+)"},
        {"multiply_by": 1000},
    ]
    transforms = tuple(Transform.model_validate(step) for step in steps)
    reading = Reading(
        system="files",
        stream="lead",
        format="csv",
        encoding="utf-8",
        timezone="Asia/Tokyo",
        mapping={},
        decimal_mark=",",
    )
    kinds = ("DATE", "TIMESTAMP", "DECIMAL(18,2)", "BIGINT", "DOUBLE", "BOOLEAN")
    values = [parsing.from_text("text", Field("x", Column(type=kind), ("x",)), reading) for kind in kinds]
    transformed = parsing.field_text(Field("x", Column(type="VARCHAR"), ("x",), None, transforms), ["text"], reading)

    found = connection.execute(
        f"select text, {', '.join(values)}, {transformed} from (select unnest($texts::varchar[]) as text)",
        {"texts": texts},
    ).fetchall()

    assert [text for text, *_ in found] == texts
    for text, day, moment, *_ in found:
        assert text.strip() or day is None
        assert day is None or moment is not None

"""What holds for any text: fields come back as they were written, counts are those of a parser written apart."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import parsing
from ingestion import text as text_module
from ingestion.contract import Column, systems
from ingestion.counting import LineCount
from ingestion.reading import Field, Reading
from ingestion.text import MARK, Utf8Lines
from leadmill.settings import Home
from tests.ingestion.deliveries import HUBSPOT, Company, contact, mapped, page, utc

SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.text(st.characters(codec="utf-8", exclude_characters=f"\x00\r{MARK}"), max_size=12)
texts_with_csv_signs = st.one_of(texts, st.text('",\n a"', max_size=6))
rows = st.lists(st.tuples(texts_with_csv_signs, texts_with_csv_signs, texts_with_csv_signs), max_size=20)


def written(records: list[tuple[str, ...]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(records)
    return file.getvalue()


def fresh(folder: Path) -> Company:
    (folder / "company").mkdir()
    return Company(folder / "company", Home(path=folder / "home"))


@SLOW
@given(records=rows)
def test_csv_fields_come_back_as_they_were_written(records: list[tuple[str, str, str]], tmp_path_factory) -> None:
    company = fresh(tmp_path_factory.mktemp("csv"))
    numbered = [(str(number), "2026-01-31", *record) for number, record in enumerate(records)]
    company.deliver({"a/a.csv": written([("id", "day", "mail", "phone", "note"), *numbered])})
    source = mapped("a/*.csv", {"lead_id": "id", "created_at": "day", "email": "mail", "phone": "phone"})

    result = company.run(company.sources(source))

    assert (result.rows_loaded, result.rows_quarantined) == (len(records), 0)
    found = company.raw("files__lead", "email, phone, _extra, _row_number")
    wanted = [(a or None, b or None, c or None, n) for n, (a, b, c) in enumerate(records, start=1)]
    assert [(a, b, json.loads(extra)["note"], n) for a, b, extra, n in found] == wanted


@SLOW
@given(pages=st.lists(st.lists(texts, max_size=4), max_size=6), blank=st.booleans())
def test_json_texts_come_back_as_they_were_written(pages: list[list[str]], blank: bool, tmp_path_factory) -> None:
    company = fresh(tmp_path_factory.mktemp("json"))
    lines = [
        page(*(contact(f"{at}-{n}", lastname=name) for n, name in enumerate(names))) for at, names in enumerate(pages)
    ]
    company.deliver({"hubspot/contacts.jsonl": ("\n" if blank else "").join(lines)})

    company.run(company.sources(HUBSPOT))

    wanted = [(f"{at}-{n}", name or None) for at, names in enumerate(pages) for n, name in enumerate(names)]
    found = company.raw("hubspot__contacts", "id, lastname, _row_number")
    assert found == [(*row, number) for number, row in enumerate(wanted, start=1)]


@QUICK
@given(records=rows, cuts=st.sets(st.integers(0, 40)))
def test_records_are_counted_as_a_csv_parser_counts(records: list[tuple[str, str, str]], cuts: set[int]) -> None:
    text = written(records)
    lines = text.encode().splitlines(keepends=True)
    count = LineCount("file", "utf-8", has_quotes=True)
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True):
        if block := b"".join(lines[begin:end]):
            count.take(block)

    assert count.records == len(list(csv.reader(io.StringIO(text))))
    assert count.lines == len(lines)
    assert count.longest_line == max((len(line.rstrip(b"\n")) + 1 for line in lines), default=0)


@QUICK
@given(content=st.binary(max_size=200), encoding=st.sampled_from(["utf-8", "cp932", "utf-16", "shift_jis"]))
def test_any_bytes_become_whole_lines_of_utf8(content: bytes, encoding: str, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("text") / "file.txt"
    content = codecs.BOM_UTF16_LE + content if encoding == "utf-16" else content
    path.write_bytes(content)
    lines = Utf8Lines(path, encoding)

    text = b"".join(lines).decode()

    assert "\r" not in text
    if lines.is_plain:
        assert text.encode() == content.removeprefix(b"\xef\xbb\xbf")


@QUICK
@given(
    parts=st.lists(
        st.sampled_from([b"a", b"\n", b"\r", b"\xef\xbb\xbf", b"\xff", "山".encode(), MARK.encode()]), max_size=30
    ),
    block_bytes=st.integers(3, 20),
)
def test_blocks_of_any_size_are_the_text_that_a_decoder_gives(
    parts: list[bytes], block_bytes: int, tmp_path_factory
) -> None:
    path = tmp_path_factory.mktemp("text") / "file.txt"
    path.write_bytes(b"".join(parts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "BLOCK_BYTES", block_bytes)
        blocks = list(Utf8Lines(path, "utf-8"))

    decoded = path.read_bytes().decode("utf-8-sig", errors="leadmill_mark")
    assert b"".join(blocks).decode() == decoded.replace("\r\n", "\n").replace("\r", "\n")
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def parsed(connection: duckdb.DuckDBPyConnection, text: str, column: Column, **settings_: str) -> object:
    """Return what the loader reads in a text."""
    reading = Reading(system="files", stream="lead", format="csv", encoding="utf-8", timezone="UTC", **settings_)
    sql = parsing.from_text("$text", Field("x", column, ("x",)), reading)
    return connection.execute(f"select {sql} from (select 1)", {"text": text}).fetchall()[0][0]


@QUICK
@given(
    moment=st.datetimes(utc(1990, 1, 1), utc(2100, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["Asia/Tokyo", "America/Sao_Paulo", "UTC", "Asia/Kolkata"]),
    form=st.sampled_from(["{:%Y-%m-%dT%H:%M:%S.%f%z}", "{:%Y/%m/%d %H:%M:%S%z}"]),
)
def test_times_with_an_offset_are_moments(connection, moment: datetime, zone: str, form: str) -> None:
    moment = moment.replace(microsecond=0)
    text = form.format(moment.astimezone(ZoneInfo(zone)))

    assert parsed(connection, text, Column(type="TIMESTAMP")) == moment.replace(tzinfo=None)


@QUICK
@given(moment=st.datetimes(utc(1990, 1, 1), utc(2100, 1, 1)))
def test_times_by_their_format(connection, moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    column = Column(type="TIMESTAMP", parse="%b %d, %Y %H:%M:%S")

    assert parsed(connection, f"{moment:%b %d, %Y %H:%M:%S}", column) == moment


@QUICK
@given(text=st.text(max_size=12))
def test_no_text_breaks_a_parser(connection, text: str) -> None:
    text = text.replace("\x00", "")
    kinds = {
        column.type for system in systems().values() for s in system.streams.values() for column in s.columns.values()
    }
    for kind in kinds - {"VARCHAR", "JSON"}:
        value = parsed(connection, text, Column(type=kind))
        assert value is None or text.strip()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("BIGINT", "12.0", 12),
        ("BIGINT", "12.5", None),
        ("BIGINT", "-7", -7),
        ("BIGINT", "1,000", None),
        ("DOUBLE", "nan", None),
        ("DOUBLE", "1e3", 1000.0),
        ("BOOLEAN", "Yes", True),
        ("BOOLEAN", "0", False),
        ("BOOLEAN", "2", None),
        ("TIMESTAMP", "infinity", None),
        ("TIMESTAMP", "epoch", None),
        ("DATE", "20260131", None),
        ("DATE", "2026-01-31T23:00:00Z", utc(2026, 1, 31).date()),
    ],
)
def test_values_at_the_edge(connection, kind: str, text: str, value: object) -> None:
    assert parsed(connection, text, Column(type=kind)) == value

"""A file that can't be read as what it should be stops the run with its name and reason; nothing of it is loaded."""

import gzip
import hashlib
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from threading import Event, Timer

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ingestion
from ingestion.copying import copying
from ingestion.text import NO_TEXT
from leadmill.errors import InputError
from tests.ingestion.deliveries import AS_OF, CARDS, HUBSPOT, Company, mapped

HEADER = "id,day,mail\n"
ROW = "1,2026-01-31,a@example.com\n"
JAPANESE = "".join(f"{n},2026-01-31,山田太郎様\n" for n in range(50))

FILES = {
    "required column missing": (
        "bad.csv",
        "id,mail\n1,a\n",
        r"bad.csv: missing required column\(s\) day .*has: id, mail",
    ),
    "mapped column missing": ("bad.csv", "id,day\n1,2026-01-31\n", r"bad.csv: missing required column\(s\) mail"),
    "empty": ("bad.csv", "", r"bad.csv: no header line"),
    "other encoding": ("bad.csv", (HEADER + JAPANESE).encode("cp932"), r"bad.csv: the text is not utf-8; set the `enc"),
    "other encoding, header": (
        "bad.csv",
        "番号,日付\n1,2\n".encode("cp932"),
        r"bad.csv:1: the header is not utf-8; set",
    ),
    "quote never closed": (
        "bad.csv",
        HEADER + ROW + '2,"\n' + ROW * 2000,
        r"bad.csv:3: a quote is opened here and never",
    ),
    "quotes around a line end in the header": (
        "bad.csv",
        b'id,d"ay\n,ma"il\n1,2,3\n',
        r"bad.csv:2: the header can't be read",
    ),
    "archive cut": (
        "bad.csv.gz",
        gzip.compress((HEADER + ROW * 999).encode())[:-9],
        r"bad.csv.gz: not a whole csv file",
    ),
    "no archive": ("bad.csv.gz", HEADER + ROW, r"bad.csv.gz: not a whole csv file .*; have it delivered again"),
    "zstd cut": (
        "bad.csv.zst",
        pa.compress((HEADER + ROW * 999).encode(), codec="zstd", asbytes=True)[:-9],
        r"bad.csv.zst: not a whole csv file",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_unreadable_file(company: Company, kind: str) -> None:
    name, content, message = FILES[kind]
    company.deliver({"cards/good.csv": HEADER + ROW, f"cards/{name}": content})
    source = CARDS | {"streams": [CARDS["streams"][0] | {"path": "cards/*"}]}
    sources = company.sources(source)

    with pytest.raises(InputError, match=message) as raised:
        ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)

    assert "a@example.com" not in str(raised.value)
    result = ingestion.load(company.home, AS_OF, lambda _: None)
    assert (result.files, result.rows_loaded) == (1, 1)  # the other file is unaffected
    assert [Path(name).name for name in company.landed()] == ["00002.txt", "manifest.json"]


def test_cut_parquet_file(company: Company) -> None:
    path = company.folder / "ga4/events_20261025.parquet"
    path.parent.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"copy (select i from range(9999) as numbers(i)) to '{path}'")
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(InputError, match=r"events_20261025\.parquet: not a whole parquet file"):
        company.run(company.sources({"name": "ga4", "system": "ga4", "path": "ga4"}))

    assert company.landed() == []


def test_parquet_without_its_columns(company: Company) -> None:
    path = company.folder / "ga4/events_20261025.parquet"
    path.parent.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 'x' as event_name, 1 as event_timestamp) to '{path}'")

    with pytest.raises(InputError, match=r"missing required column\(s\) event_date of ga4 events"):
        company.run(company.sources({"name": "ga4", "system": "ga4", "path": "ga4"}))


def test_mended_file_is_loaded_by_the_next_run(company: Company) -> None:
    company.deliver({"cards/a.csv": "id\n1\n", "cards/b.csv": HEADER + ROW})
    sources = company.sources(CARDS)
    with pytest.raises(InputError):
        company.run(sources)
    company.deliver({"cards/a.csv": HEADER + ROW})

    assert company.run(sources).rows_loaded == 2
    assert company.query("select file, rows_loaded from ops.files order by 1") == [
        ("cards/a.csv", 1),
        ("cards/b.csv", 1),
    ]


def test_all_unreadable_files_are_told_at_once(company: Company) -> None:
    company.deliver({"cards/a.csv": "id\n1\n", "cards/b.csv": "day\n1\n"})

    with pytest.raises(InputError, match=r"a\.csv: missing.*\n.*b\.csv: missing"):
        company.run(company.sources(CARDS))


def test_a_file_given_up_is_no_longer_written(tmp_path: Path) -> None:
    """Else what is under way would go to the next file, which takes the descriptor of this one."""
    (tmp_path / "bad.csv").write_text(HEADER)
    is_free = Event()

    def give_up(pool: Executor) -> None:
        with copying(tmp_path / "bad.csv", tmp_path / "copy", hashlib.sha256(), pool) as source:
            source.read(99)
            Timer(0.05, is_free.set).start()
            raise InputError("given up")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(is_free.wait)
        with pytest.raises(InputError):
            give_up(pool)

    assert (tmp_path / "copy").read_text() == HEADER


def test_damage_inside_a_parquet_file_costs_no_other_file(company: Company) -> None:
    columns = {"activity_type": "kind", "occurred_at": "at"}
    for name in ("a", "b"):
        path = company.folder / f"calls/{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"kind": ["call"] * 3, "at": ["2026-01-31"] * 3}), path, compression="none")
    damaged = company.folder / "calls/b.parquet"
    damaged.write_bytes(damaged.read_bytes().replace(b"call", b"c\xff\xfel"))

    result = company.run(company.sources(mapped("calls/*", columns, entity="activity", format="parquet")))

    assert (result.files, result.rows_loaded, result.rows_quarantined) == (2, 3, 3)
    assert company.query("select distinct file, reason from ops.quarantine") == [
        ("calls/b.parquet", "the parquet file is damaged; have it delivered again")
    ]


def test_a_structure_that_has_nothing_in_common_with_the_contract(company: Company) -> None:
    path = company.folder / "ga4/events_20261025.parquet"
    path.parent.mkdir()
    table = {"event_date": ["20261025"], "event_timestamp": [1], "event_name": ["page_view"], "geo": [{"planet": "x"}]}
    pq.write_table(pa.table(table), path)

    result = company.run(company.sources({"name": "ga4", "system": "ga4", "path": "ga4"}))

    assert result.rows_loaded + result.rows_quarantined == 1


def test_signs_that_no_text_holds_cost_their_row_only(company: Company) -> None:
    company.deliver({"cards/a.csv": f"{HEADER}{ROW}2,2026-01-31,{NO_TEXT}\n"})

    result = company.run(company.sources(CARDS))

    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)


def test_half_a_surrogate_pair_costs_its_record_only(company: Company) -> None:
    good, bad = '{"kind": "a", "at": "2026-01-31"}', r'{"kind": "\ud800", "at": "2026-01-31", "new": 1}'
    company.deliver({"events/a.jsonl": f"{good}\n{bad}\n"})
    columns = {"event_name": "kind", "occurred_at": "at"}

    result = company.run(company.sources(mapped("events/*", columns, entity="event", format="jsonl")))

    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)


def test_empty_archive_of_records(company: Company) -> None:
    company.deliver({"hubspot/contacts.jsonl.gz": b""})

    with pytest.raises(InputError, match="the archive is empty"):
        company.run(company.sources(HUBSPOT))

"""Deliver malformed files, and account for each: refused by name, or every record loaded or set aside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ingestion
from ingestion.contract import systems
from ingestion.text import MARK, NO_TEXT
from leadmill.errors import InputError
from leadmill.settings import Home
from tests.ingestion.deliveries import AS_OF, Company
from tests.malformed import reader
from tests.malformed.files import COLUMNS, MAPPED, Kind, Malformed

LONGEST_TEXT_LINES = 1000

_ENTITIES = {
    "csv": ("lead", {"lead_id": "id", "created_at": "at", "email": "mail"}),
    "cp932": ("lead", {"lead_id": "id", "created_at": "at", "email": "mail"}),
    "jsonl": ("event", {"event_name": "id", "occurred_at": "at", "email": "mail"}),
    "parquet": ("activity", {"activity_type": "id", "occurred_at": "at", "result": "mail"}),
}


class Loaded(NamedTuple):
    """What the ledger has of a file."""

    rows_in: int
    rows_loaded: int
    rows_quarantined: int


def sources_of(company: Company) -> ingestion.Sources:
    """Write a sources file with every mapped form and every connector."""
    found: list[dict[str, Any]] = []
    for name, encoding in MAPPED.items():
        entity, columns = _ENTITIES[name]
        form = {"format": "csv" if name == "cp932" else name, "encoding": encoding}
        found.append(
            {
                "name": f"own_{name}",
                "system": "files",
                "streams": [{"entity": entity, "path": f"{name}/*", "columns": columns} | form],
            }
        )
    found += [{"name": name, "system": name, "path": name} for name in systems() if name != "files"]
    for source in found:
        (company.folder / str(source["name"]).removeprefix("own_")).mkdir(exist_ok=True)
    return company.sources(*found)


def check(folder: Path, files: Sequence[tuple[Kind, Malformed]]) -> Counter[str]:
    """Extract and load files in a new home.

    Args:
        folder: an empty one.
        files: with names that differ.

    Returns:
        How many files were loaded and refused, and how many rows were loaded and set aside.

    Raises:
        AssertionError: a record is neither in raw nor in the quarantine, or an error is not of the input.
    """
    (folder / "company").mkdir()
    company = Company(folder / "company", Home(path=folder / "home"))
    sources = sources_of(company)
    company.deliver({file.name: file.content for _, file in files})
    refused = ""
    for source in sorted({_source_of(kind) for kind, _ in files}):
        try:
            ingestion.extract(sources, source, company.home, AS_OF, lambda _: None)
        except InputError as error:
            refused += f"{error}\n"
    ingestion.load(company.home, AS_OF, lambda _: None)
    told = _told(company)
    counts: Counter[str] = Counter()
    for kind, file in files:
        path = file.name if kind.source in MAPPED else file.name.partition("/")[2]
        loaded = told.get((_source_of(kind), path))
        is_refused = str(company.folder / file.name) in refused
        assert is_refused != (loaded is not None), f"{file.name} is refused and loaded, or neither"
        counts[f"files {'refused' if is_refused else 'loaded'}"] += 1
        if loaded is None:
            has_marks = any(sign.encode() in file.content for sign in (MARK, NO_TEXT))
            # A text of so many lines is taken for a quote that nobody closed.
            is_long = file.content.count(b"\n") > LONGEST_TEXT_LINES
            assert has_marks or is_long or not file.is_untouched, f"{file.name} was refused: {refused}"
            continue
        _check_file(company, kind, file, loaded, path)
        counts["rows loaded"] += loaded.rows_loaded
        counts["rows set aside"] += loaded.rows_quarantined
    return counts


def _source_of(kind: Kind) -> str:
    return f"own_{kind.source}" if kind.source in MAPPED else kind.source


def _told(company: Company) -> dict[tuple[str, str], Loaded]:
    """Return the ledger, after comparing it with the rows themselves."""
    ledger = company.query("select source, stream, file, rows_in, rows_loaded, rows_quarantined from ops.files")
    tables = company.query("select table_name from duckdb_tables() where schema_name = 'raw'")
    counted = " union all ".join(f"select _source, _stream, _file from raw.{table}" for (table,) in tables)
    raw = {tuple(key): rows for *key, rows in company.query(f"select *, count(*) from ({counted}) group by all")}
    aside = company.query("select source, stream, file, count(*) from ops.quarantine group by all")
    quarantined = {tuple(key): rows for *key, rows in aside}
    for *key, rows_in, rows_loaded, rows_quarantined in ledger:
        assert rows_in == rows_loaded + rows_quarantined
        assert (raw.pop(tuple(key), 0), quarantined.pop(tuple(key), 0)) == (rows_loaded, rows_quarantined)
    assert not raw
    assert not quarantined
    return {(source, file): Loaded(*counts) for source, _, file, *counts in ledger}


def _check_file(company: Company, kind: Kind, file: Malformed, loaded: Loaded, path: str) -> None:
    """Compare what is known of a file with what a reader in plain Python finds in it."""
    if kind.format == "parquet":
        return  # its footer tells the rows; there is no second reader
    text = reader.text_of(reader.decompressed(file.content, file.name), MAPPED.get(kind.source, "utf-8"))
    if kind.format == "api_pages":
        key = str(systems()[kind.source].streams[kind.stream].records)
        assert loaded.rows_in == sum(reader.page_lengths(text, key)), file
        return
    records = reader.csv_records(text) if kind.format == "csv" else reader.json_lines(text)
    assert loaded.rows_in == sum(record != "" for record in records), file
    is_marked = any(sign in text for sign in ("\ufffd", MARK, NO_TEXT))
    for number, row_text in company.query(
        f"select row_number, row_text from ops.quarantine where source = '{_source_of(kind)}' and file = '{path}'"
    ):
        assert is_marked or row_text.rstrip("\n") == records[number - 1].rstrip("\n"), (number, file)
    if kind.source in MAPPED:
        _check_values(company, kind, path, records)


def _check_values(company: Company, kind: Kind, path: str, records: list[str]) -> None:
    """Compare the first column of what was loaded, a required text, with the records."""
    entity, columns = _ENTITIES[kind.source]
    name = next(name for name, column in columns.items() if column == COLUMNS[0])
    rows = f'"{name}", _row_number from raw.files__{entity}'
    for value, number in company.query(f"select {rows} where _source = '{_source_of(kind)}' and _file = '{path}'"):
        record = records[number - 1]
        if kind.format == "csv":
            assert value == reader.csv_fields(record)[0], (value, record)
        else:
            found = json.loads(record, object_pairs_hook=lambda pairs: dict(reversed(pairs)))[COLUMNS[0]]
            assert not isinstance(found, str) or value == found, (value, record)

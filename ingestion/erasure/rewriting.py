"""Write a landed file without what has to go: in its own format, compression and encoding, all else as it was."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.erasure.finding import Found
from ingestion.erasure.identifiers import ADDRESS, Forgotten, Identifying, hash_of
from ingestion.inspection import Inspection
from ingestion.reading import Reading
from ingestion.text import COMPRESSIONS, lines_sql
from leadmill.errors import LeadmillError

ERASED = "[erased]"
_BLOCK_CHARACTERS = 1 << 20

Edit = Callable[[str], str]


class _Edits(NamedTuple):
    """What is done to one record, or to one page."""

    lines: int  # of the record
    edits: list[Edit]


def rewrite(
    original: Path,
    readable: Path,
    target: Path,
    reading: Reading,
    inspection: Inspection,
    found: Found,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Write a landed file anew, without what was found in it.

    Args:
        original: the landed file.
        readable: the same, or its copy in plain UTF-8.
        target: the new file.
        reading: how it is read.
        inspection: what was found in it when it landed.
        found: what has to go.
        connection: to work in.

    Raises:
        LeadmillError: the file can't be read or written as what it is.
    """
    if reading.format == "parquet":
        _rewrite_parquet(original, target, found)
        return
    try:
        # A byte order mark goes through as a character, where there is one.
        encoding = "utf-8" if codecs.lookup(reading.encoding).name == "utf-8-sig" else reading.encoding
        _rewrite_text(original, target, encoding, _edits(readable, reading, inspection, found, connection))
    except UnicodeError as error:
        raise LeadmillError(
            f"{original} can't be written as {reading.encoding} again ({type(error).__name__})"
        ) from None


def _edits(
    readable: Path, reading: Reading, inspection: Inspection, found: Found, connection: duckdb.DuckDBPyConnection
) -> dict[int, _Edits]:
    """Return what is done to the records of a text file, by the line at which each begins."""
    if reading.format == "csv":
        return _csv_edits(readable, reading, inspection, found, connection)
    edits: dict[int, _Edits] = {}
    places_of = _page_places(readable, reading, inspection, {*found.rows, *found.cleared}, connection)
    cut: dict[int, set[int]] = defaultdict(set)
    for row in found.rows:
        line, index = places_of[row]
        cut[line].add(index)
    key = reading.contract.records if reading.format == "api_pages" else None
    for line, indexes in cut.items():
        edits[line] = _Edits(1, [partial(_without_records, key=key, indexes=indexes)])
    for row, values in found.cleared.items():
        cleared = [partial(_without_value, place=place, value=value) for place, value in values]
        edits.setdefault(places_of[row][0], _Edits(1, [])).edits.extend(cleared)
    for line, texts in found.mentions.items():
        edits.setdefault(line, _Edits(1, [])).edits.append(partial(_without_texts, texts=texts))
    return edits


def _csv_edits(
    readable: Path, reading: Reading, inspection: Inspection, found: Found, connection: duckdb.DuckDBPyConnection
) -> dict[int, _Edits]:
    """Empty the cells of records that are to forget something; other records that name the person go whole."""
    edits: dict[int, _Edits] = {}
    columns = {name: place for place, name in enumerate(inspection.columns or [])}
    mentions = dict(found.mentions)
    for row, first, count in _csv_spans(readable, inspection, set(found.cleared), set(), connection):
        places = {columns[name] for name, _ in found.cleared[row]}
        edits[first] = _Edits(count, [partial(_without_cells, places=places, delimiter=reading.delimiter)])
        for line in range(first, first + count):
            if mentions.get(line, set()) <= found.forgotten_by(row):
                mentions.pop(line, None)
    for _, first, count in _csv_spans(readable, inspection, found.rows, set(mentions), connection):
        edits[first] = _Edits(count, [lambda _: ""])
    return edits


def without_person(text: str, forgotten: Forgotten) -> str:
    """Return a text, which may be JSON, in which nobody stands who is to be forgotten."""
    texts = {
        address
        for address in re.findall(ADDRESS, text, re.ASCII)
        if hash_of(Identifying("email", "", address), forgotten.keys) in forgotten.hashes
    }
    if forgotten.pattern:
        texts |= {found.group() for found in re.finditer(forgotten.pattern, text, re.ASCII)}
    return _without_texts(text, texts)


def _rewrite_text(original: Path, target: Path, encoding: str, edits: dict[int, _Edits]) -> None:
    """Copy a text file by blocks of lines. All but the edits stays, also line ends and bytes that are no text."""
    compression = COMPRESSIONS.get(original.suffix)
    encoder = codecs.getincrementalencoder(encoding)("surrogateescape")
    with (
        pa.input_stream(str(original), compression=compression) as packed,
        io.TextIOWrapper(io.BufferedReader(packed), encoding, "surrogateescape", "") as source,
        pa.output_stream(str(target), compression=compression) as copy,
    ):
        first = 1
        while lines := source.readlines(_BLOCK_CHARACTERS):
            for number in sorted(edits.keys() & range(first, first + len(lines))):
                at, (count, record_edits) = number - first, edits[number]
                lines += [source.readline() for _ in range(at + count - len(lines))]
                lines[at : at + count] = _edited(lines[at : at + count], record_edits)
            first += len(lines)
            copy.write(encoder.encode("".join(lines)))


def _edited(lines: list[str], edits: list[Edit]) -> list[str]:
    """Return as many lines as there were: numbers of lines are numbers of records."""
    ends = [line[len(line.rstrip("\r\n")) :] for line in lines]
    text = "".join(lines).removesuffix(ends[-1])
    for edit in edits:
        text = edit(text)
    return [text + ends[-1], *[""] * (len(lines) - 1)] if text else ends


def _rewrite_parquet(original: Path, target: Path, found: Found) -> None:
    """Copy a Parquet file batch by batch. A row with a mention goes: its other values can't be cut by their text."""
    mentioned = {row for row, texts in found.mentions.items() if not texts <= found.forgotten_by(row)}
    gone = pa.array(sorted(found.rows | mentioned), pa.int64())
    cleared: dict[str, list[int]] = defaultdict(list)
    for row, values in found.cleared.items():
        for place, _ in values:
            cleared[place].append(row)
    first = 1
    with (
        pq.ParquetFile(original) as source,
        pq.ParquetWriter(target, source.schema_arrow, compression="zstd") as copy,
    ):
        for batch in source.iter_batches():
            numbers = pa.array(range(first, first + len(batch)), pa.int64())
            first += len(batch)
            kept = pc.invert(pc.is_in(numbers, gone))
            columns = []
            for column, kind in zip(batch.itercolumns(), batch.schema, strict=True):
                is_cleared = pc.is_in(numbers, pa.array(cleared[kind.name], pa.int64()))
                columns.append(_own_values(pc.if_else(is_cleared, None, column).filter(kept)))
            copy.write_batch(pa.record_batch(columns, schema=batch.schema))


def _own_values(column: pa.Array) -> pa.Array:
    """Return a column whose dictionary, if it has one, holds no value that is in no row."""
    if not pa.types.is_dictionary(column.type):
        return column
    return column.cast(column.type.value_type).cast(column.type)


def _csv_spans(
    readable: Path, inspection: Inspection, rows: set[int], lines: set[int], connection: duckdb.DuckDBPyConnection
) -> list[tuple[int, int, int]]:
    """Return number, first line and number of lines of the records that have these numbers or hold one of these lines.

    A line beside the records counts as one.
    """
    above = inspection.header_lines
    if not inspection.has_quoted_newlines:
        return [(line - above, line, 1) for line in {above + row for row in rows} | lines]
    found: list[tuple[int, int, int]] = connection.execute(
        f"""
        with
        quotes as (
            select ordinality as line_number, (len(line) - len(replace(line, '"', ''))) % 2 as quotes
            from {lines_sql("$files", inspection.longest_line)}
            where ordinality > $above
        ),
        starts as (
            select line_number, (sum(quotes) over (order by line_number) - quotes) % 2 = 0 as is_start from quotes
        ),
        numbered as (select line_number, sum(is_start::int) over (order by line_number) as row_number from starts)
        select row_number::bigint, min(line_number), count(*)
        from numbered
        group by row_number
        having row_number in $rows or bool_or(line_number in $lines)
        """,
        {"files": [str(readable)], "above": above, "rows": sorted(rows), "lines": sorted(lines)},
    ).fetchall()
    return found + [(line - above, line, 1) for line in lines if line <= above]


def _page_places(
    readable: Path, reading: Reading, inspection: Inspection, rows: set[int], connection: duckdb.DuckDBPyConnection
) -> dict[int, tuple[int, int]]:
    """Return line and index on it of records by their numbers; each line of JSON lines is one record."""
    if reading.format == "jsonl" or not rows:
        return {row: (row, 0) for row in rows}
    found = connection.execute(
        f"""
        with
        sizes as (
            select
                ordinality as line_number,
                case
                    when coalesce(line, '') = '' then 0
                    when json_valid(line) and json_type(line, $records) = 'ARRAY' then json_array_length(line, $records)
                    else 1
                end as size
            from {lines_sql("$files", inspection.longest_line)}
        ),
        starts as (select line_number, size, sum(size) over (order by line_number) - size as before from sizes)
        select row_number, line_number, row_number - before - 1
        from (select unnest($rows) as row_number)
        join starts on row_number > before and row_number <= before + size
        """,
        {"files": [str(readable)], "records": f"$.{reading.contract.records}", "rows": sorted(rows)},
    ).fetchall()
    return {row: (line, int(index)) for row, line, index in found}


def _without_records(line: str, key: str | None, indexes: set[int]) -> str:
    """Return a page without some records, and all else as it stands; a line that is one record becomes empty."""
    if key is None or (spans := _spans(line, key)) is None:
        return ""
    kept = ""
    for index, (start, end) in enumerate(spans):
        if index not in indexes:
            separator = line[spans[index - 1][1] : start] if kept else ""
            kept += separator + line[start:end]
    return line[: spans[0][0]] + kept + line[spans[-1][1] :]


def _spans(page: str, key: str) -> list[tuple[int, int]] | None:
    """Return where each record of a page stands in its text; None if it is no page."""
    decoder, blank = json.JSONDecoder(strict=False), re.compile(r"[\s,:]*")

    def at(place: int) -> int:
        return blank.match(page, place).end()  # type: ignore[union-attr]

    place = at(0) + 1
    try:
        while page[at(place)] != "}":
            name, place = decoder.raw_decode(page, at(place))
            place = at(place)
            if name == key and page[place] == "[":
                spans = []
                place = at(place + 1)
                while page[place] != "]":
                    _, end = decoder.raw_decode(page, place)
                    spans.append((place, end))
                    place = at(end)
                return spans
            _, place = decoder.raw_decode(page, place)
    except (ValueError, IndexError):
        pass
    return None


def _without_value(line: str, place: str, value: str) -> str:
    """Return JSON in which a key has no more this value."""
    key, bare = re.escape(json.dumps(place.rpartition(".")[2], ensure_ascii=False)), re.escape(value)
    return re.sub(rf'{key}(\s*:\s*)(?:"{bare}"|{bare}(?=[\s,}}\]]))', lambda found: _null(found, place), line)


def _null(found: re.Match[str], place: str) -> str:
    return json.dumps(place.rpartition(".")[2], ensure_ascii=False) + found.group(1) + "null"


def _without_cells(record: str, places: set[int], delimiter: str) -> str:
    """Return a CSV record with some cells empty."""
    cells = next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter))
    written = io.StringIO(newline="")
    kept = ["" if place in places else cell for place, cell in enumerate(cells)]
    csv.writer(written, delimiter=delimiter, lineterminator="\n").writerow(kept)
    return written.getvalue().removesuffix("\n")


def _without_texts(line: str, texts: set[str]) -> str:
    """Return a line in which none of the texts stands; a part of a longer address or number is none of them."""

    def replaced(found: re.Match[str]) -> str:
        whole, text = found.group(0), found.group(1)
        return whole.replace(text, ERASED) if text in texts else whole

    line = re.sub(ADDRESS, replaced, line, flags=re.ASCII)
    others = [text for text in texts if not re.fullmatch(ADDRESS, text)]
    if not others:
        return line
    return re.sub("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in others), _blank, line, flags=re.ASCII)


def _blank(found: re.Match[str]) -> str:
    # A number stays a number where it is one in JSON.
    return "0" if found.group(0).isdigit() else ERASED

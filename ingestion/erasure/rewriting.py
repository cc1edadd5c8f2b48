"""Write a landed file without what has to go: in its own format, compression and encoding, all else as it was."""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.erasure.finding import Found
from ingestion.erasure.identifiers import ADDRESS
from ingestion.inspection import Inspection
from ingestion.reading import Reading
from ingestion.text import COMPRESSIONS, lines_sql
from leadmill.errors import LeadmillError

ERASED = "[erased]"
_BLOCK_CHARACTERS = 1 << 20

Edit = Callable[[str], str]


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
    edits: dict[int, list[Edit]] = defaultdict(list)
    if reading.format == "csv":
        for line in _csv_lines(readable, inspection, found.rows, set(found.mentions), connection):
            edits[line] = [lambda _: ""]
        for row, values in found.cleared.items():
            for line in _csv_lines(readable, inspection, {row}, set(), connection):
                edits[line] += [partial(_without_cell, value=value) for _, value in values]
    else:
        places = {*found.rows, *found.cleared}
        line_of = _page_places(readable, reading, inspection, places, connection) if places else {}
        cut: dict[int, set[int]] = defaultdict(set)
        for row in found.rows:
            line, index = line_of[row]
            cut[line].add(index)
        for row, values in found.cleared.items():
            edits[line_of[row][0]] += [partial(_without_value, place=place, value=value) for place, value in values]
        for line, indexes in cut.items():
            key = reading.contract.records if reading.format == "api_pages" else None
            edits[line].insert(0, partial(_without_records, key=key, indexes=indexes))
        for line, texts in found.mentions.items():
            edits[line].append(partial(_without_texts, texts=texts))
    try:
        _rewrite_text(original, target, reading.encoding, edits)
    except UnicodeError as error:
        raise LeadmillError(f"{original} can't be written as {reading.encoding} again: {error.reason}") from None  # type: ignore[attr-defined]


def _rewrite_text(original: Path, target: Path, encoding: str, edits: dict[int, list[Edit]]) -> None:
    """Copy a text file by blocks of lines. All but the edits stays, also line ends and bytes that are no text."""
    compression = COMPRESSIONS.get(original.suffix)
    with (
        pa.input_stream(str(original), compression=compression) as packed,
        io.TextIOWrapper(io.BufferedReader(packed), encoding, "surrogateescape", "") as source,
        pa.output_stream(str(target), compression=compression) as unpacked,
        io.TextIOWrapper(io.BufferedWriter(unpacked), encoding, "surrogateescape", "") as copy,
    ):
        first = 1
        while lines := source.readlines(_BLOCK_CHARACTERS):
            for number in edits.keys() & range(first, first + len(lines)):
                body = lines[number - first].rstrip("\r\n")
                line_end = lines[number - first][len(body) :]
                for edit in edits[number]:
                    body = edit(body)
                lines[number - first] = body + line_end
            first += len(lines)
            copy.writelines(lines)


def _rewrite_parquet(original: Path, target: Path, found: Found) -> None:
    """Copy a Parquet file batch by batch. A row with a mention goes: its other values can't be cut by their text."""
    gone = pa.array(sorted({*found.rows, *found.mentions}), pa.int64())
    first = 1
    with pq.ParquetFile(original) as source, pq.ParquetWriter(target, source.schema_arrow, compression="zstd") as copy:
        for rows_of_group in source.iter_batches():
            batch = rows_of_group
            numbers = pa.array(range(first, first + len(batch)), pa.int64())
            for name in {place for values in found.cleared.values() for place, _ in values}:
                rows = [row for row, values in found.cleared.items() if any(place == name for place, _ in values)]
                at = batch.schema.get_field_index(name)
                is_cleared = pc.is_in(numbers, pa.array(rows, pa.int64()))
                kept = pc.if_else(is_cleared, pa.scalar(None, batch.schema.types[at]), batch.column(at))
                batch = batch.set_column(at, batch.schema.field(at), kept)
            copy.write_batch(batch.filter(pc.invert(pc.is_in(numbers, gone))))
            first += len(batch)


def _csv_lines(
    readable: Path, inspection: Inspection, rows: set[int], lines: set[int], connection: duckdb.DuckDBPyConnection
) -> set[int]:
    """Return every line of the records that have these numbers or hold one of these lines."""
    if not inspection.has_quoted_newlines:
        return {inspection.header_lines + row for row in rows} | lines
    found = connection.execute(
        f"""
        with
        quotes as (
            select ordinality as line_number, (len(line) - len(replace(line, '"', ''))) % 2 as quotes
            from {lines_sql("$files", inspection.longest_line)}
            where ordinality > $header_lines
        ),
        starts as (
            select line_number, (sum(quotes) over (order by line_number) - quotes) % 2 = 0 as is_start from quotes
        ),
        numbered as (select line_number, sum(is_start::int) over (order by line_number) as row_number from starts)
        select line_number from numbered
        where row_number in (
            select unnest($rows::bigint[]) union select row_number from numbered where line_number in $lines
        )
        """,
        {
            "files": [str(readable)],
            "header_lines": inspection.header_lines,
            "rows": sorted(rows),
            "lines": sorted(lines),
        },
    ).fetchall()
    return {line for (line,) in found} | lines


def _page_places(
    readable: Path, reading: Reading, inspection: Inspection, rows: set[int], connection: duckdb.DuckDBPyConnection
) -> dict[int, tuple[int, int]]:
    """Return line and index on it of records by their numbers; each line of JSON lines is one record."""
    if reading.format == "jsonl":
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
    kept = [line[start:end] for index, (start, end) in enumerate(spans) if index not in indexes]
    return line[: spans[0][0]] + ",".join(kept) + line[spans[-1][1] :]


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


def _without_cell(line: str, value: str) -> str:
    """Return a CSV line in which no cell is this value."""
    return re.sub(rf'(?:^|(?<=[,;\t|]))\s*"?\s*{re.escape(value)}\s*"?\s*(?=[,;\t|]|$)', "", line)


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

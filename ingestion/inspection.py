"""Look through a landed file: is it what it should be, and how many rows come in?

Rows are counted from bytes, array lengths and Parquet's own footer, apart from the SQL that loads them, so that
rows in = rows loaded + rows quarantined is a test and not a tautology.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from ingestion.contract import Stream
from ingestion.copying import Copying
from ingestion.counting import LineCount
from ingestion.reading import Reading
from ingestion.text import MARK, Utf8Lines, lines_sql
from leadmill.errors import InputError

_MARK = MARK.encode()
PLAIN = ".utf-8.txt"  # ends the name of a plain copy


class Inspection(BaseModel):
    """What was found in a file."""

    rows: int
    furniture_lines: int = 0
    columns: list[str] | None = None  # header of a CSV file, names in a Parquet file
    types: list[str] | None = None  # of a Parquet file's columns
    lines: int = 0  # of a text file
    longest_line: int = 0  # bytes
    header_lines: int = 0  # lines above the first record
    end_line: int | None = None  # the line, counted from 1, that ends the section
    has_quoted_newlines: bool = False
    undecodable_bytes: int | None = None  # of a text file


def inspect(source: Copying, copy: Path, reading: Reading, told: str) -> tuple[Path, Inspection]:
    """Inspect a file while it lands; write a plain copy beside it when it is text of another encoding or line end.

    Args:
        source: the delivered file, under way to the landing; a Parquet file has landed.
        copy: its copy there.
        reading: how it is to be read.
        told: the file's name for messages.

    Returns:
        The file that the loader may read as it stands, and what was found in it.

    Raises:
        InputError: it can't be read at all: cut or broken archive, wrong encoding, missing required column.
    """
    try:
        if reading.format == "parquet":
            readable, found = copy, _inspect_parquet(copy)
        else:
            lines = Utf8Lines(copy, reading.encoding, source)
            found = (_inspect_csv if reading.format == "csv" else _inspect_json)(lines, reading, told)
            source.finish()
            readable = copy if lines.is_plain else _plain(copy, reading.encoding)
            if reading.format == "api_pages":
                rows = _page_rows(readable, reading.contract, found.longest_line)
                found = found.model_copy(update={"rows": rows})
    except (OSError, UnicodeError, pa.ArrowException) as error:
        if getattr(error, "errno", None):
            raise  # the disk's fault, not the file's
        raise InputError(f"{told}: not a whole {reading.format} file ({error}); have it delivered again") from error
    if found.columns is not None:
        _check_columns(found.columns, reading, told)
    return readable, found


def _plain(path: Path, encoding: str) -> Path:
    """Write a copy of a file that is UTF-8 with line feeds."""
    copy = path.with_name(path.name.split(".")[0] + PLAIN)
    with copy.open("wb") as file:
        file.writelines(Utf8Lines(path, encoding))
    return copy


def _check_columns(columns: list[str], reading: Reading, told: str) -> None:
    missing = [name for name in reading.needed_columns if name not in columns]
    if missing:
        raise InputError(
            f"{told}: missing required column(s) {', '.join(missing)} of {reading.system} {reading.stream};"
            f" the file has: {', '.join(columns)}"
        )


def _inspect_parquet(path: Path) -> Inspection:
    with pq.ParquetFile(path) as file:
        return Inspection(
            rows=file.metadata.num_rows,
            columns=file.schema_arrow.names,
            types=[str(kind) for kind in file.schema_arrow.types],
        )


def _inspect_json(lines: Utf8Lines, reading: Reading, told: str) -> Inspection:
    count = LineCount(told, reading.encoding)
    for block in lines:
        count.take(block)
    count.check_encoding()
    return Inspection(
        rows=count.records,
        lines=count.lines,
        longest_line=count.longest_line,
        undecodable_bytes=count.undecodable_bytes,
    )


def _page_rows(path: Path, stream: Stream, longest_line: int) -> int:
    """Count the records of API pages; a line that is no page counts as one."""
    sql = f"""
        select coalesce(sum(
            case
                when json_valid(line) and json_type(line, $records) = 'ARRAY' then json_array_length(line, $records)
                else 1
            end
        ), 0)::bigint
        from {lines_sql("$files", longest_line)}
        where line <> ''
    """
    # In DuckDB's own connection: opening one for each of many small files would cost more than the files.
    return int(duckdb.execute(sql, {"files": [str(path)], "records": f"$.{stream.records}"}).fetchall()[0][0])


def _inspect_csv(lines: Utf8Lines, reading: Reading, told: str) -> Inspection:
    stream = reading.contract
    blocks = iter(lines)
    header_lines, columns, first = _header(blocks, reading, told)
    if any(MARK in name for name in columns):
        raise InputError(f"{told}:{header_lines}: the header is not {reading.encoding}; set the file's `encoding`")
    count = LineCount(told, reading.encoding, lines=header_lines, has_quotes=True)
    furniture = re.compile(b"(?m)" + stream.furniture.encode()) if stream.furniture else None
    ends = stream.section.ends_before if stream.section else None
    furniture_lines, end_line, lines_below, longest_line = 0, None, 0, 0
    for block in chain([first], blocks) if first else blocks:
        end = re.search(b"(?m)^" + re.escape(ends.encode()), block) if ends and not end_line else None
        section = b"" if end_line else block[: end.start()] if end else block
        if section:
            count.take(section)
            furniture_lines += len(furniture.findall(section)) if furniture else 0
        if end:
            end_line = count.lines + 1
        if end_line:
            lines_below += _count_lines(block[len(section) :])
            longest_line = max(longest_line, len(block))
    count.check_encoding()
    return Inspection(
        rows=count.records - furniture_lines,
        furniture_lines=furniture_lines,
        columns=columns,
        lines=count.lines + lines_below,
        longest_line=max(count.longest_line, longest_line),
        header_lines=header_lines,
        end_line=end_line,
        has_quoted_newlines=count.quoted_newlines > 0,
        undecodable_bytes=count.undecodable_bytes,
    )


def _header(blocks: Iterator[bytes], reading: Reading, told: str) -> tuple[int, list[str], bytes]:
    """Return up to which line the header goes, its names, told apart and none empty, and the rest of its block."""
    stream = reading.contract
    is_found, header, number = False, b"", 0
    for block in blocks:
        end = 0
        while end < len(block):
            begin, end = end, (block.find(b"\n", end) + 1) or len(block)
            line = block[begin:end].removesuffix(b"\n")
            number += 1
            if header:
                header += b"\n" + line
            elif stream.section and not is_found:
                is_found = line.startswith(stream.section.starts_after.encode())
                continue
            elif number > reading.lines_above and line:
                header = line
            if header and header.count(b'"') % 2 == 0:
                names = _names(header.decode(), reading, f"{told}:{number}")
                told_apart = [
                    name if name and names.index(name) == at else f"{name or 'column'}_{at + 1}"
                    for at, name in enumerate(names)
                ]
                return number, reading.called(told_apart), block[end:]
    below = f" below {stream.section.starts_after!r}" if stream.section else ""
    raise InputError(f"{told}: no header line{below}; have the file delivered again")


def _names(header: str, reading: Reading, told: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([header], delimiter=reading.delimiter))]
    except csv.Error as error:
        raise InputError(f"{told}: the header can't be read ({error}); have the file delivered again") from error


def _count_lines(block: bytes) -> int:
    return block.count(b"\n") + (not block.endswith(b"\n"))

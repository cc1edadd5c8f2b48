"""The first records of a file that nobody has described: its format, encoding, delimiter, header and values."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from charset_normalizer import from_bytes

from ingestion.mapping import Delimiter
from ingestion.text import byte_blocks
from leadmill.errors import InputError

_RECORDS = 2000
_BYTES = 1 << 20
_ENCODINGS = {"utf_8": "utf-8", "ascii": "utf-8", "cp932": "cp932", "euc_jp": "euc_jp", "iso2022_jp": "iso2022_jp",
              "utf_16": "utf-16", "utf_16_le": "utf-16-le", "cp1252": "cp1252"}  # fmt: skip
_DELIMITERS: tuple[Delimiter, ...] = (",", "\t", ";", "|")
_SUFFIXES: dict[str, Literal["jsonl", "parquet"]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
# What a header doesn't hold, but a record does: an address, a telephone number, a date, an amount.
_VALUE = re.compile(r"@|^[\d\W]{4,}$")
_BROKEN = 0.01  # share of bytes
_FILLED = 0.6  # share of a header's cells that have a name; titles above it fill one or two


class Sample(NamedTuple):
    """What the beginning of a file tells."""

    format: Literal["csv", "jsonl", "parquet"]
    encoding: str
    delimiter: Delimiter
    skip_lines: int
    columns: dict[str, list[str]]  # the texts of each column, without empty ones
    records: int


def sample(path: Path) -> Sample:
    """Look at the beginning of a file.

    Raises:
        InputError: it can't be read, has no header, or is of no format that can be mapped.
    """
    suffix = next((part for part in reversed(path.suffixes) if part in _SUFFIXES), None)
    try:
        if suffix == ".parquet":
            return _of_parquet(path)
        content = _beginning(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    encoding = _encoding(content, path)
    text = content.decode(encoding, errors="ignore").removeprefix("\ufeff")
    return _of_json(path, encoding, text) if suffix else _of_csv(path, encoding, text)


def _beginning(path: Path) -> bytes:
    content = b""
    for block in byte_blocks(path):
        content += block
        if len(content) >= _BYTES:
            # To the end of a line: half a character would speak for another encoding.
            return content[: content.rfind(b"\n") + 1] or content
    return content


def _encoding(content: bytes, path: Path) -> str:
    found = from_bytes(content, cp_isolation=list(_ENCODINGS)).best()
    if found:
        return _ENCODINGS[found.encoding]
    # A few broken bytes, which the loader sets aside row by row, leave no encoding: the one that they break least.
    broken = {name: content.decode(name, errors="replace").count("\ufffd") for name in ("utf-8", "cp932", "euc_jp")}
    least = min(broken, key=lambda name: broken[name])
    if broken[least] > _BROKEN * len(content):
        raise InputError(f"{path}: the text is of no known encoding; save it as UTF-8")
    return least


def _of_csv(path: Path, encoding: str, text: str) -> Sample:
    delimiter, width = max(
        ((delimiter, *_width(text, delimiter)) for delimiter in _DELIMITERS),
        key=lambda found: found[2] * (found[1] > 1),
    )[:2]
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    lines_above = 0
    for row in reader:
        names = [name.strip() for name in row]
        if len(row) == width and sum(map(bool, names)) >= _FILLED * width:
            break
        lines_above = reader.line_num
    else:
        raise InputError(f"{path}: no header line; write the columns' names into the first line")
    if any(_VALUE.search(name) for name in names):
        raise InputError(f"{path}:{reader.line_num}: a record stands where the header should; write one above it")
    told_apart = [
        name if name and names.index(name) == at else f"{name or 'column'}_{at + 1}" for at, name in enumerate(names)
    ]
    records = [row for row in islice(reader, _RECORDS) if len(row) == width]
    columns = {name: [row[at].strip() for row in records if row[at].strip()] for at, name in enumerate(told_apart)}
    return Sample("csv", encoding, delimiter, lines_above, columns, len(records))


def _width(text: str, delimiter: str) -> tuple[int, float]:
    """Return how many columns most records have, and the share of the records that have so many."""
    widths = Counter(len(row) for row in islice(csv.reader(io.StringIO(text), delimiter=delimiter), 200) if row)
    width, times = widths.most_common(1)[0] if widths else (0, 0)
    return width, times / max(widths.total(), 1)


def _of_json(path: Path, encoding: str, text: str) -> Sample:
    records = []
    for line in islice(filter(None, text.splitlines()), _RECORDS):
        try:
            record = json.loads(line)
        except ValueError:
            continue  # the trial tells of broken lines
        if isinstance(record, dict):
            records.append(_flat(record))
    if not records:
        raise InputError(f"{path}: no JSON records; write one object a line")
    return Sample("jsonl", encoding, ",", 0, _columns(records), len(records))


def _flat(record: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Return a record's values by their dotted paths; lists are left out."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{name}.")
        elif not isinstance(value, list):
            found[above + name] = value
    return found


def _of_parquet(path: Path) -> Sample:
    with pq.ParquetFile(path) as file:
        batch = next(file.iter_batches(_RECORDS), None)
        records = batch.to_pylist() if batch else []
        columns = {name: list[str]() for name in file.schema_arrow.names} | _columns(records)
    return Sample("parquet", "utf-8", ",", 0, columns, len(records))


def _columns(records: list[dict[str, Any]]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [str(r[name]) for r in records if r.get(name) not in (None, "")] for name in names}

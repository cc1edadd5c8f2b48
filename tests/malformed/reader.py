"""A reader in plain Python, apart from the loader's SQL and numpy: which records does a file of text hold?"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import json
import re
from typing import Any

import pyarrow as pa

_DEEP = re.compile(r"\[{50,}\]{50,}")


def decompressed(content: bytes, name: str) -> bytes:
    """Return the content of an archive, as the file's suffix says."""
    if name.endswith(".gz"):
        return gzip.decompress(content)
    if name.endswith(".zst"):
        return bytes(pa.CompressedInputStream(pa.BufferReader(content), "zstd").read())
    return content


def text_of(content: bytes, encoding: str) -> str:
    """Return a text with line feeds; what is not of the encoding is a question mark."""
    text = content.removeprefix(codecs.BOM_UTF8).decode(encoding, errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def csv_records(text: str) -> list[str]:
    """Return the records below the header, which end at line ends outside quotes; blank lines are empty texts."""
    records, record, is_quoted = [], io.StringIO(), False
    for character in text:
        is_quoted ^= character == '"'
        if character == "\n" and not is_quoted:
            records.append(record.getvalue())
            record = io.StringIO()
        else:
            record.write(character)
    records.append(record.getvalue())
    return list(itertools.dropwhile(lambda found: not found, records))[1:]


def csv_fields(record: str) -> list[str]:
    """Return a record's fields."""
    csv.field_size_limit(1 << 30)
    return next(csv.reader(io.StringIO(record, newline=""), strict=True))


def json_lines(text: str) -> list[str]:
    """Return the lines; blank ones are empty texts."""
    return text.split("\n")


def page_lengths(text: str, key: str) -> list[int]:
    """Return how many records each line holds; one that is no page is one broken record."""
    return [_page_length(line, key) for line in json_lines(text) if line]


def _page_length(line: str, key: str) -> int:
    try:
        # NaN and Infinity are numbers to Python and to DuckDB, though not to the standard.
        page: Any = json.loads(_DEEP.sub(_shallow, line), object_pairs_hook=_first_wins)
        json.dumps(page, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        return 1
    return len(page[key]) if isinstance(page, dict) and isinstance(page.get(key), list) else 1


def _shallow(deep: re.Match[str]) -> str:
    """Python's own reader gives up at some depth; whether a deep list is whole can be told by its length."""
    text = deep.group()
    return "[]" if text.count("[") == text.count("]") else text[:40]


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))

"""Work on an Arrow array of texts: a function on one text, over all; which texts match one of many patterns."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

_SLICE = 100_000


def normalised(
    texts: pa.StringArray, key: str, function: Callable[[str], tuple[object, ...]], fields: dict[str, pa.DataType]
) -> pa.Table:
    """Return one row for each text: the text as typed, then what the function makes of it.

    Args:
        texts: distinct texts without null, so that each value is worked on once.
        key: name of the column that holds the texts as they are.
        function: returns the values of the other columns, in the order of `fields`.
        fields: names and types of the other columns.
    """
    schema = pa.schema([(key, texts.type), *fields.items()])
    tables = []
    # Slice by slice: as Python objects the values take many times their room.
    for start in range(0, len(texts), _SLICE):
        part = texts.slice(start, _SLICE)
        columns = zip(*(function(text) for text in part.to_pylist()), strict=True)
        arrays = [pa.array(values, kind) for values, kind in zip(columns, fields.values(), strict=True)]
        tables.append(pa.table([part, *arrays], schema=schema))
    return pa.concat_tables(tables) if tables else schema.empty_table()


def matching(texts: pa.StringArray, patterns: Iterable[str]) -> pa.BooleanArray:
    """Return which texts, width and surrounding space apart, contain a match of any of the patterns.

    Args:
        texts: texts; null matches nothing.
        patterns: regular expressions as RE2 reads them, as DuckDB's are.
    """
    # One expression for all: it is compiled once, and each text read once.
    alternatives = "|".join(f"(?:{pattern})" for pattern in patterns) or r"[^\s\S]"
    plain = pc.utf8_trim_whitespace(pc.utf8_normalize(texts, "NFKC"))
    return pc.fill_null(pc.match_substring_regex(plain, alternatives), False)

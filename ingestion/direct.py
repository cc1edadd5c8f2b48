"""The short way of records: regular CSV files through DuckDB's own parser, without taking each line apart in SQL.

It gives the same rows as :mod:`ingestion.records`, or fails: the parser is told to be strict, so that broken quotes or
another number of columns are an error, and the batch goes the long way.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion import parsing
from ingestion.judging import FILE, FILENAMES, judged, texts_of, typed_texts
from ingestion.records import BatchFile, Shape
from ingestion.sql import literal
from ingestion.text import NO_TEXT, buffers_sql


def direct_sql(shape: Shape, files: Sequence[BatchFile]) -> str | None:
    """Return SQL for the records of a batch, or None where the files are not regular.

    The record's text is not in it, so it serves to load what fits and not to set aside what does not.

    Args:
        shape: what the files have in common.
        files: those for which :func:`ingestion.records.records_of` has prepared the connection.
    """
    if shape.reading.format != "csv" or shape.has_quoted_newlines:
        return None
    longest_line = max(file.longest_line for file in files)
    # Each line below the header is a record, and all its characters are whole.
    is_regular = all(file.lines == file.header_lines + file.rows and file.undecodable_bytes == 0 for file in files)
    has_one_header = len({file.header_lines for file in files}) == 1
    if not is_regular or not has_one_header or not any(file.rows for file in files):
        return None
    file = "getvariable('files')[1]" if len(files) == 1 else FILE  # a constant, where it can be one
    return _csv(shape, file, files[0].header_lines, longest_line)


def _csv(shape: Shape, file: str, header_lines: int, longest_line: int) -> str:
    reading, fields = shape.reading, shape.fields
    places = {name: f"nullif({_column(place)}, '')" for place, name in enumerate(shape.columns)}
    texts = {
        field.name: parsing.field_text(field, [places[path] for path in field.paths], reading)
        for field in fields
        if field.paths and places.keys() >= set(field.paths)
    }
    if reading.contract.null_text:
        texts = {name: f"nullif({text}, {literal(reading.contract.null_text)})" for name, text in texts.items()}
    known = {path for field in fields for path in field.paths}
    extra = ", ".join(f"{literal(name)}, {text}" for name, text in places.items() if name not in known)
    # One column too many is no error if it is empty, but for a reader to whom an empty text is a value.
    columns = ", ".join(f"'{_column(place)}': 'VARCHAR'" for place in range(len(shape.columns)))
    return f"""
        with texts as (
            select
                file_index, null::varchar as record, {f"json_object({extra})" if extra else "null::json"} as extra,
                ordinality - {file}.lines_before + file_index * {header_lines} as row_number,
                null::varchar as problem{texts_of(fields, texts, file)}
            from read_csv(
                {FILENAMES}, columns = {{{columns}}}, delim = {literal(reading.delimiter)}, quote = '"', escape = '"',
                nullstr = '{NO_TEXT}', skip = {header_lines}, header = false, auto_detect = false, strict_mode = true,
                new_line = '\\n', {buffers_sql(longest_line)}
            ) with ordinality
        )
        {judged(fields, typed_texts(reading), file)}
    """


def _column(place: int) -> str:
    return f"column_{place}"

"""SQL that reads landed files as records of one stream: typed values, unknown rest, and what is wrong with each.

The files of a batch have one shape, so that one statement reads them all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

import duckdb

from ingestion import parsing
from ingestion.contract import quoted
from ingestion.judging import FILE, FILENAMES, judged, texts_of, typed_texts
from ingestion.reading import Field, Reading
from ingestion.sql import literal
from ingestion.text import MARK, lines_sql
from ingestion.transforms import register_functions

# A field: quoted, or without a quote at its start. What this leaves out has a quote in the wrong place.
_CSV_FIELD = r"""("(?:[^"]|"")*"|[^{0}"][^{0}]*|)[{0}]"""

_SAMPLE, _USUAL = 1000, 16  # records whose keys are looked at, and lists of keys that are remembered


class Shape(NamedTuple):
    """What the files of a batch have in common."""

    reading: Reading
    columns: tuple[str, ...] = ()  # of CSV and Parquet files
    types: tuple[str, ...] = ()  # of Parquet files, as Arrow names them
    has_quoted_newlines: bool = False
    retyped: frozenset[str] = frozenset()  # columns whose values no longer fit: they are kept with the unknown ones

    @property
    def fields(self) -> list[Field]:
        """The columns of the raw table that are read."""
        return [field for field in self.reading.fields if field.name not in self.retyped]


class BatchFile(NamedTuple):
    """One file of a batch."""

    filename: str
    path: str  # below the source's folder
    delivered_at: datetime  # naive, UTC
    lines: int  # of text
    longest_line: int
    header_lines: int
    end_line: int | None
    rows: int
    undecodable_bytes: int | None  # None: not counted


class Records(NamedTuple):
    """The records of a batch as SQL.

    The SQL gives path and delivered_at of the file, row_number, record (text), extra (JSON), the value of each field,
    and reason and column_name, which are NULL when the record fits.
    """

    sql: str
    unknown_columns: list[str] | None  # None: only the records tell
    unknown_parents: list[str]  # JSON objects that hold both known and unknown fields


def records_of(shape: Shape, files: Sequence[BatchFile], connection: duckdb.DuckDBPyConnection) -> Records:
    """Return the SQL that reads the files of a batch, on the connection that it was made for.

    Args:
        shape: what the files have in common.
        files: at least one.
        connection: gets the files as variables, and the time zone of texts without an offset.
    """
    lines_before = accumulate((file.lines for file in files), initial=0)
    known = [file._asdict() | {"lines_before": before} for file, before in zip(files, lines_before, strict=False)]
    connection.execute("set variable filenames = $files", {"files": [file.filename for file in files]})
    connection.execute("set variable files = $files", {"files": known})
    connection.execute(f"set TimeZone = {literal(shape.reading.timezone)}")
    if shape.reading.mapping is not None:
        register_functions(connection)
    if shape.reading.format == "parquet":
        return _parquet_records(shape, connection)
    if shape.reading.format == "csv":
        return _csv_records(shape, _lines(files))
    return _json_records(shape, _lines(files), connection)


def _lines(files: Sequence[BatchFile]) -> str:
    """Return SQL for the files' lines, counted from 1 in each file.

    What the landing counted tells where a file begins: `ordinality` runs on over all of them.
    """
    return f"""
        lines as not materialized (
            select file_index, ordinality, coalesce(line, '') as line, ordinality - {FILE}.lines_before as line_number
            from {lines_sql(FILENAMES, max(file.longest_line for file in files))}
        )
    """


def _json_records(shape: Shape, lines: str, connection: duckdb.DuckDBPyConnection) -> Records:
    reading, fields = shape.reading, shape.fields
    structure = literal(json.dumps(parsing.json_structure(fields), ensure_ascii=False))
    texts = {
        field.name: parsing.field_text(field, [parsing.json_text(field, path) for path in field.paths], reading)
        for field in fields
        if field.paths
    }
    transformed = f"""
        with {_pages(reading, lines, connection) if reading.format == "api_pages" else _json_lines(lines)},
        transformed as (
            select *, try(json_transform(record, {structure})) as t
            from records
        )
    """
    extra = parsing.json_extra("record", fields)
    has_extra = f"t is not null and {_has_unusual_keys(fields, transformed, extra, connection)}"
    sql = f"""
        {transformed},
        texts as (
            select
                file_index, row_number, record,
                case when {has_extra} then try({extra}) end as extra,
                case
                    when contains(record, '{MARK}') then {literal(_not_encoded(reading))}
                    when problem is not null then problem
                    when t is null then 'not a whole JSON record'
                end as problem{texts_of(fields, texts)}
            from transformed
        )
        {judged(fields, typed_texts(reading))}
    """
    return Records(sql, None, parsing.parents(parsing.json_known(fields)))


def _has_unusual_keys(fields: list[Field], transformed: str, extra: str, connection: duckdb.DuckDBPyConnection) -> str:
    """Return SQL for whether a record may hold unknown fields: not if its keys are those of earlier records without.

    Most records have the keys of another, and to compare them costs much less than to look for what is unknown.
    """
    if any("STRUCT" in field.column.type and field.column.type.endswith("[]") for field in fields):
        return "true"  # unknown fields may stand in the elements of a list
    parents = parsing.parents(parsing.json_known(fields))
    places = ["$", *("$." + ".".join(quoted(part) for part in parent.split(".")) for parent in parents)]
    keys = f"try(json_keys(record, [{', '.join(map(literal, places))}]))"  # it may be no JSON
    connection.execute(
        f"""
        set variable usual_keys = (
            {transformed},
            sampled as (
                select {keys} as keys, try({extra}) as extra
                from transformed
                where t is not null
                limit {_SAMPLE}
            ),
            usual as (
                select keys
                from sampled
                group by keys
                having count(extra) = 0
                order by count(*) desc
                limit {_USUAL}
            )
            select list(keys) from usual
        )
        """
    )
    return f"not coalesce(list_contains(getvariable('usual_keys'), {keys}), false)"


def _json_lines(lines: str) -> str:
    return f"""
        {lines},
        records as (
            select file_index, line_number as row_number, line as record, null as problem
            from lines
            where line <> ''
        )
    """


def _pages(reading: Reading, lines: str, connection: duckdb.DuckDBPyConnection) -> str:
    """Each line is a response page; a line that is none is one broken record."""
    key = reading.contract.records
    list_of_records = literal(json.dumps({key: ["JSON"]}))
    pages = f"""
        {lines},
        parsed_pages as not materialized (
            select
                file_index, ordinality, line,
                try(json_transform(line, {list_of_records}))[{literal(str(key))}]::varchar[] as found
            from lines
        ),
        pages as not materialized (
            select
                file_index, ordinality, found is null as is_broken,
                coalesce(found, case when line = '' then [] else [line] end) as found
            from parsed_pages
        )
    """
    # How many records of its file stand before each line. A variable, as a join would hold all pages in memory; so
    # would a filter, which gathers its rows until they fill a vector.
    connection.execute(
        f"""
        set variable rows_before = (
            with {pages},
            sizes as (select file_index, ordinality, len(found) as size from pages),
            starts as (
                select ordinality, sum(size) over (partition by file_index order by ordinality) - size as rows_before
                from sizes
            )
            select list(rows_before::bigint order by ordinality) from starts
        )
        """
    )
    return f"""
        {pages},
        records as (
            select
                file_index, coalesce(unnest(found), 'null') as record,
                getvariable('rows_before')[ordinality] + unnest(range(1, len(found) + 1)) as row_number,
                case when is_broken then {literal(f"not a whole response page with a list {key!r}")} end as problem
            from pages
        )
    """


def _csv_records(shape: Shape, lines: str) -> Records:
    reading, fields = shape.reading, shape.fields
    places = {name: place for place, name in enumerate(shape.columns, start=1)}
    texts = {
        field.name: parsing.field_text(field, [_csv_text(places[path]) for path in field.paths], reading)
        for field in fields
        if field.paths and places.keys() >= set(field.paths)
    }
    if reading.contract.null_text:
        texts = {name: f"nullif({text}, {literal(reading.contract.null_text)})" for name, text in texts.items()}
    known = {path for field in fields for path in field.paths}
    unknown = [name for name in shape.columns if name not in known]
    extra = ", ".join(f"{literal(name)}, {_csv_text(places[name])}" for name in unknown)
    furniture = reading.contract.furniture
    delimiter, one_field = literal(reading.delimiter), literal(_CSV_FIELD.format(reading.delimiter))
    sql = f"""
        with {lines},
        body as (
            select file_index, line, line_number - {FILE}.header_lines as line_number
            from lines
            where line_number > {FILE}.header_lines
                and ({FILE}.end_line is null or line_number < {FILE}.end_line)
        ),
        {_quoted_records() if shape.has_quoted_newlines else _plain_records()},
        split as (
            select
                *,
                case
                    when contains(record, '"') then regexp_extract_all(record || {delimiter}, {one_field}, 1)
                    else string_split(record, {delimiter})
                end as f
            from records
            where record <> '' {f"and not regexp_matches(record, {literal(furniture)})" if furniture else ""}
        ),
        texts as (
            select
                file_index, row_number, record, {f"json_object({extra})" if extra else "null::json"} as extra,
                case
                    when contains(record, '{MARK}') then {literal(_not_encoded(reading))}
                    when contains(record, '"') and array_to_string(f, {delimiter}) <> record
                        then 'quotes that do not match'
                    when len(f) <> {len(shape.columns)} then 'expected {len(shape.columns)} columns, found ' || len(f)
                end as problem{texts_of(fields, texts)}
            from split
        )
        {judged(fields, typed_texts(reading))}
    """
    return Records(sql, unknown, [])


def _csv_text(place: int) -> str:
    field = f"f[{place}]"
    return (
        f"""nullif(case when starts_with({field}, '"') then replace({field}[2:-2], '""', '"') else {field} end, '')"""
    )


def _plain_records() -> str:
    return "records as (select file_index, line_number as row_number, line as record from body)"


def _quoted_records() -> str:
    """Put lines together that a quoted newline has parted: a record ends where its quotes are even."""
    return """
        quotes as (
            select *, (len(line) - len(replace(line, '"', ''))) % 2 as quotes
            from body
        ),
        starts as (
            select
                *,
                coalesce(sum(quotes) over (
                    partition by file_index order by line_number rows between unbounded preceding and 1 preceding
                ), 0) % 2 = 0 as is_start
            from quotes
        ),
        numbered as (
            select *, sum(is_start::integer) over (partition by file_index order by line_number) as row_number
            from starts
        ),
        records as (
            select file_index, row_number, string_agg(line, chr(10) order by line_number) as record
            from numbered
            group by file_index, row_number
        )
    """


def _parquet_records(shape: Shape, connection: duckdb.DuckDBPyConnection) -> Records:
    reading, fields = shape.reading, shape.fields
    scan = f"read_parquet({FILENAMES}, file_row_number = true)"
    described = connection.execute(f"describe select * exclude (file_row_number) from {scan}").fetchall()
    actual = {str(name): str(kind) for name, kind, *_ in described}
    texts = {field.name: _parquet_text(field, actual, reading) for field in fields if _is_in(actual, field)}
    typed = {
        field.name: parsing.from_value(quoted("text " + field.name), _parquet_type(field, actual), field, reading)
        for field in fields
    }
    known = {path: field.column.type for field in fields for path in field.paths if path in actual}
    rest = parsing.parquet_rest(actual, known)
    columns = ", ".join(f"{literal(name)}: source.{quoted(name)}" for name in actual)
    sql = f"""
        with texts as (
            select
                file_index, file_row_number + 1 as row_number, to_json(columns_of_file)::varchar as record,
                {f"to_json({rest.sql})" if rest.sql else "null::json"} as extra,
                null::varchar as problem{texts_of(fields, texts)}
            from (
                select *, file_index, {{{columns}}} as columns_of_file
                from {scan} as source
            ) as source
        )
        {judged(fields, typed)}
    """
    return Records(sql, rest.names, [])


def _is_in(actual: dict[str, str], field: Field) -> bool:
    return bool(field.paths) and actual.keys() >= set(field.paths)


def _parquet_type(field: Field, actual: dict[str, str]) -> str:
    """Return the type of a field's value before it is parsed: that of the file's column, but what is made is text."""
    is_as_it_is = _is_in(actual, field) and len(field.paths) == 1 and not field.transforms and not field.is_hashed
    return actual[field.paths[0]] if is_as_it_is else "VARCHAR"


def _parquet_text(field: Field, actual: dict[str, str], reading: Reading) -> str:
    if _parquet_type(field, actual) != "VARCHAR":
        return f"source.{quoted(field.paths[0])}"
    texts = [f"nullif(source.{quoted(path)}::varchar, '')" for path in field.paths]
    return parsing.field_text(field, texts, reading)


def _not_encoded(reading: Reading) -> str:
    return f"bytes that are not {reading.encoding}"

"""The end of every statement that reads records: values are parsed, and what is wrong with a record is told.

What is known of each file of a batch stands in a variable of the session, and not in a table: a join would cost more
than all the rest.
"""

from __future__ import annotations

from ingestion import parsing
from ingestion.contract import quoted
from ingestion.reading import Field, Reading
from ingestion.sql import literal

FILENAMES = "getvariable('filenames')"
FILE = "getvariable('files')[file_index::bigint + 1]"


def texts_of(fields: list[Field], texts: dict[str, str], file: str = FILE) -> str:
    """Return the fields' values before they are parsed: of the record, the file's path, or a constant."""
    found = []
    for field in fields:
        if field.constant is not None and field.name not in texts:
            value = literal(field.constant)
        elif field.column.from_path:
            value = f"nullif(regexp_extract({file}.path, {literal(field.column.from_path)}, 1), '')"
        else:
            value = texts.get(field.name, "null::varchar")
        found.append(f",\n                {value} as {quoted('text ' + field.name)}")
    return "".join(found)


def typed_texts(reading: Reading) -> dict[str, str]:
    """Return SQL for each field's value, parsed from its text."""
    return {field.name: parsing.from_text(quoted("text " + field.name), field, reading) for field in reading.fields}


def judged(fields: list[Field], typed: dict[str, str], file: str = FILE) -> str:
    """Return the end of the SQL: typed values, and the first thing that is wrong with each record."""
    values = "".join(f",\n                {typed[f.name]} as {value_of(f)}" for f in fields)
    wrong = []
    for field in fields:
        text, value = quoted("text " + field.name), value_of(field)
        if field.column.required:
            wrong.append((f"{text} is null", "required value is missing", field.name))
        if typed[field.name] != text:
            wrong.append((f"{text} is not null and {value} is null", f"expected {field.column.type}", field.name))
    reasons = "".join(
        f"\n                    when {test} then {literal(f'column {name}: {what}')}" for test, what, name in wrong
    )
    columns = "".join(f"\n                    when {test} then {literal(name)}" for test, _, name in wrong)
    names = ", ".join(value_of(field) for field in fields)
    return f"""
        , typed as (
            select file_index, row_number, record, extra, problem{_kept_texts(fields)}{values}
            from texts
        )
        select
            {file}.path as path, {file}.delivered_at as delivered_at, row_number, record, extra, {names},
            case when problem is not null then problem {reasons} end as reason,
            case when problem is not null then null {columns} end as column_name
        from typed
    """


def value_of(field: Field) -> str:
    """Return the name of a field's typed value in the SQL of the records."""
    return quoted("value " + field.name)


def _kept_texts(fields: list[Field]) -> str:
    return "".join(f", {quoted('text ' + field.name)}" for field in fields)

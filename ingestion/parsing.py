"""SQL expressions that turn the text (or the Parquet value) of a field into the type of the raw contract.

Each expression gives NULL where the value does not fit; the loader sets such rows aside. Texts without an offset are
read in the session's ``TimeZone``, which the loader sets to the stream's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import duckdb

from ingestion import written
from ingestion.contract import Column, quoted
from ingestion.reading import Field, Reading
from ingestion.sql import literal

Structure = str | dict[str, "Structure"] | list["Structure"]
_TIMES = {"DATE", "TIMESTAMP"}
_WHOLE_NUMBERS = {"BIGINT", "INTEGER"}


def is_nested(column: Column) -> bool:
    """Return whether a column holds a structure or list."""
    return "STRUCT" in column.type or column.type.endswith("[]")


def from_text(text: str, field: Field, reading: Reading) -> str:
    """Return SQL that parses a text (empty means absent) into a field's type.

    Args:
        text: an SQL expression of type VARCHAR, or JSON for nested and JSON columns.
        field: the field.
        reading: how its stream is read.
    """
    column, kind = field.column, field.column.type
    if is_nested(column):
        structure = literal(json.dumps(_text_structure(duckdb.sqltype(kind))))
        return f"try(cast(json_transform({text}, {structure}) as {kind}))"
    if kind == "VARCHAR":
        return text
    if kind == "JSON":
        return f"try_cast({text} as json)"
    if column.parse == "epoch_ms":
        iso = _time(text, column.model_copy(update={"parse": None}), reading)
        return f"coalesce({_epoch_ms(text)}, {iso})"  # a vendor may go over from the one to the other
    return _time(text, column, reading) if kind in _TIMES else _number(text, kind, reading)


def from_value(value: str, actual: str, field: Field, reading: Reading) -> str:
    """Return SQL that turns a Parquet value into a field's type.

    Args:
        value: an SQL expression.
        actual: the value's type in DuckDB.
        field: the field.
        reading: how its stream is read.
    """
    kind = field.column.type
    if actual == "VARCHAR" and not is_nested(field.column):
        return from_text(value, field, reading)
    if field.column.parse == "epoch_ms":
        return _epoch_ms(value)
    if kind == "TIMESTAMP" and (actual == "DATE" or actual.startswith("TIMESTAMP")):
        return f"try_cast({value} as timestamptz) at time zone 'UTC'"
    if duckdb.sqltype(actual) == duckdb.sqltype(kind):
        return value
    return f"try_cast({value} as {kind})" if _is_castable(actual, kind) else f"null::{kind}"


@cache
def _is_castable(actual: str, kind: str) -> bool:
    """Return whether a cast can be written at all: not between structures without a field in common."""
    try:
        duckdb.execute(f"select try_cast(null::{actual} as {kind})")
    except duckdb.BinderException:
        return False
    return True


def _number(text: str, kind: str, reading: Reading) -> str:
    """A number; also a Boolean, which may be written 1/0, yes/no or true/false."""
    thousands = reading.contract.thousands
    plain = _plain_number(f"replace({text}, {literal(thousands)}, '')" if thousands else text, kind)
    if reading.mapping is None or kind == "BOOLEAN":
        return plain
    digits = written.number(text, reading.decimal_mark)
    as_written = f"list_transform([{digits}], lambda digits: {_plain_number('digits', kind)})[1]"
    return _unless_absent(text, f"coalesce({plain}, {as_written})" if reading.decimal_mark == "." else as_written)


def _unless_absent(text: str, value: str) -> str:
    """Spare absent values the last of several attempts, which is the dearest."""
    return f"case when {text} is not null then {value} end"


def _plain_number(text: str, kind: str) -> str:
    value = f"try_cast({text} as {kind})"
    if kind in _WHOLE_NUMBERS:
        return f"case when try_cast({text} as double) % 1 = 0 then {value} end"  # a bare cast rounds 12.5 to 13
    return f"case when isfinite({value}) then {value} end" if kind == "DOUBLE" else value


def _epoch_ms(value: str) -> str:
    return f"try(epoch_ms(try_cast({value} as bigint)))"


def _time(text: str, column: Column, reading: Reading) -> str:
    """Year-first dates and times as they are; others by a format. A time becomes UTC, a date stays as written."""
    whole = "date" if column.type == "DATE" else "timestamptz"
    formats = (column.parse,) if column.parse else reading.date_format
    # Only a year of four digits: a cast alone would read 10/12/16, or 26/1/2, as a day of the year 10, or 26.
    iso = f"substr({text}, 5, 1) in ('-', '/') and substr({text}, 3, 1) not in ('-', '/')"
    found = [f"try_strptime({text}, [{', '.join(map(literal, formats))}])::{whole}"] if formats else []
    found.append(f"case when {iso} then try_cast({text} as {whole}) end")
    if reading.mapping is not None:
        found.append(written.time(text, whole))
    first = _unless_absent(text, f"coalesce({', '.join(found)})")
    return first if whole == "date" else f"({first}) at time zone 'UTC'"


def _text_structure(kind: duckdb.DuckDBPyType) -> Structure:
    """Return the structure of a nested type with every value as text, as ``json_transform`` takes it."""
    if kind.id == "list":
        return [_text_structure(kind.children[0][1])]
    if kind.id == "struct":
        return {name: _text_structure(child) for name, child in kind.children}
    return "VARCHAR"


def json_structure(fields: list[Field]) -> dict[str, Structure]:
    """Return what ``json_transform`` is to read of a record: texts, and JSON where a structure is wanted."""
    structure: dict[str, Structure] = {}
    for field in fields:
        for path in field.paths:
            *parents, name = path.split(".")
            place = structure
            for parent in parents:
                place = place.setdefault(parent, {})  # type: ignore[assignment]
            place[name] = "JSON" if is_nested(field.column) or field.column.type == "JSON" else "VARCHAR"
    return structure


def json_known(fields: list[Field]) -> dict[str, object]:
    """Return the merge patch that removes the fields of the contract from a record: what is left is unknown."""
    patch: dict[str, object] = {}
    for field in fields:
        for path in field.paths:
            *parents, name = path.split(".")
            place = patch
            for parent in parents:
                place = place.setdefault(parent, {})  # type: ignore[assignment]
            place[name] = _known(duckdb.sqltype(field.column.type))
    return patch


def _known(kind: duckdb.DuckDBPyType) -> object:
    return {name: _known(child) for name, child in kind.children} if kind.id == "struct" else None


def parents(patch: dict[str, object], above: str = "") -> list[str]:
    """Return the dotted paths of the objects in a merge patch, outer ones first."""
    found: list[str] = []
    for name, below in patch.items():
        if isinstance(below, dict):
            found += [above + name, *parents(below, f"{above}{name}.")]
    return found


def json_extra(record: str, fields: list[Field]) -> str:
    """Return SQL for the part of a JSON record that the contract does not name; NULL when there is none.

    Fields of a list's elements have no place of their own, so a list with unknown ones is kept whole.

    Args:
        record: an SQL expression, the record.
        fields: the fields of the contract; the record stands transformed in ``t``.
    """
    patch = json_known(fields)
    left = f"json_merge_patch({record}, {literal(json.dumps(patch, ensure_ascii=False))}::json)"
    for field in fields:
        kind = duckdb.sqltype(field.column.type)
        if field.paths and kind.id == "list" and kind.children[0][1].id == "struct":
            known = ", ".join(literal(name) for name, _ in kind.children[0][1].children)
            text = json_text(field, field.paths[0])
            unknown = f"list_filter(flatten(json_keys({text}, '$[*]')), lambda key: key not in ({known}))"
            rest = f"case when len({unknown}) > 0 then json_object({literal(field.paths[0])}, {text}) else '{{}}' end"
            left = f"json_merge_patch({left}, {rest})"
    names = "|".join(sorted({path.rpartition(".")[2] for path in parents(patch)}))
    # The patch leaves its objects behind, empty or not there before.
    emptied = f"""regexp_replace({left}::varchar, '"({names})":', '', 'g')""" if names else f"{left}::varchar"
    return f"case when regexp_matches({emptied}, '[^{{}},]') then {left} end"


def json_text(field: Field, path: str) -> str:
    """Return SQL for one of a field's texts in the transformed record ``t``; an empty text is no value."""
    place = "t." + ".".join(quoted(part) for part in path.split("."))
    return place if is_nested(field.column) or field.column.type == "JSON" else f"nullif({place}, '')"


def field_text(field: Field, texts: Sequence[str], reading: Reading) -> str:
    """Return SQL for a field's text before it is parsed: of one text as it is, of several joined, or their hash.

    Args:
        field: the field.
        texts: SQL expressions of type VARCHAR where the field has more than one path, transforms or a hash; NULL means
            absent.
        reading: how its stream is read.
    """
    if field.is_hashed:
        return _id_of(texts)
    text = texts[0] if len(texts) == 1 else f"nullif(concat_ws(' ', {', '.join(texts)}), '')"
    for transform in field.transforms:
        text = transform.sql(text, reading.decimal_mark)
    return f"nullif({text}, '')" if field.transforms else text


def _id_of(texts: Sequence[str]) -> str:
    """A keyed hash of the normalised values: whoever knows an address could make its bare hash."""
    spaces = r"regexp_replace(lower(nfkc({})), '\s+', ' ', 'g')"
    values = ", ".join(f"coalesce(trim({spaces.format(text)}), '')" for text in texts)
    key = "getvariable('id_key')"
    hashed = f"sha256({key} || sha256(concat_ws(chr(31), {key}, {values})))"
    return f"case when coalesce({', '.join(texts)}) is not null then left({hashed}, 32) end"


class Rest(NamedTuple):
    """What of a Parquet file the contract does not name."""

    sql: str | None  # a struct; None when there is nothing
    names: list[str]  # dotted


def parquet_rest(actual: dict[str, str], known: dict[str, str]) -> Rest:
    """Return the columns, and the fields within columns, that the contract does not name.

    Args:
        actual: the file's columns with their DuckDB types.
        known: those that the contract names, with the contract's types.
    """
    return _rest_of(
        "source",
        [(name, duckdb.sqltype(kind)) for name, kind in actual.items()],
        {name: duckdb.sqltype(kind) for name, kind in known.items()},
    )


def _rest_of(place: str, actual: list[tuple[str, duckdb.DuckDBPyType]], known: dict[str, duckdb.DuckDBPyType]) -> Rest:
    parts: list[str] = []
    names: list[str] = []
    for name, kind in actual:
        here = f"{place}.{quoted(name)}"
        wanted = known.get(name)
        if wanted is None:
            parts.append(f"{literal(name)}: {here}")
            names.append(name)
        elif kind.id == "struct" and wanted.id == "struct":
            below = _rest_of(here, kind.children, dict(wanted.children))
            if below.sql:
                parts.append(f"{literal(name)}: {below.sql}")
                names += [f"{name}.{path}" for path in below.names]
        elif kind.id == "list" and wanted.id == "list":
            # Fields of a list's elements have no place of their own, so the list is kept whole.
            below = _rest_of("element", [("", kind.children[0][1])], {"": wanted.children[0][1]})
            if below.sql:
                parts.append(f"{literal(name)}: {here}")
                names += [f"{name}[]{path}" for path in below.names]
    return Rest("{" + ", ".join(parts) + "}" if parts else None, names)

"""The transforms of a mapped column: a short fixed list, each an SQL expression on a text.

They run in the order in which they are written, before the text is parsed. An empty text in the end is no value. A
transform that finds nothing to do leaves the text as it is, so that what was not foreseen is seen and not lost.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_serializer, model_validator

from ingestion import written
from ingestion.checks import as_text, one_of
from ingestion.sql import literal

Scalar = str | int | float | bool
Argument = list[str] | dict[str, str] | str | None

_HIRAGANA = "".join(chr(code) for code in range(0x3041, 0x3097))
_KATAKANA = "".join(chr(code) for code in range(0x30A1, 0x30F7))
_SPACES = " \t\n\u00a0\u3000"  # with the full-width one

_PLAIN = {
    "trim": f"trim({{0}}, {literal(_SPACES)})",
    "lower": "lower({0})",
    "upper": "upper({0})",
    "nfkc": "nfkc({0})",
    "katakana": f"translate({{0}}, {literal(_HIRAGANA)}, {literal(_KATAKANA)})",
    "digits_only": r"regexp_replace(nfkc({0}), '\D', '', 'g')",
}
_WITH_ARGUMENT: dict[str, TypeAdapter[Any]] = {
    "empty_values": TypeAdapter(list[Scalar]),
    "map": TypeAdapter(dict[Scalar, Scalar]),
    "multiply_by": TypeAdapter(Decimal),
    "extract": TypeAdapter(str),
}
_NAMES = [*_PLAIN, *_WITH_ARGUMENT]


class Transform(BaseModel):
    """One transform: its name alone, or its name with an argument."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    argument: Argument = None

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, written: Any) -> Any:  # noqa: ANN401
        if isinstance(written, str):
            return {"name": written}
        if isinstance(written, dict) and len(written) == 1:
            name, argument = next(iter(written.items()))
            return {"name": str(name), "argument": _checked(str(name), argument)}
        raise ValueError(f"a transform is a name, or one name with its argument; allowed: {', '.join(_NAMES)}")

    @model_validator(mode="after")
    def _known(self) -> Transform:
        one_of(self.name, _NAMES, "transform")
        if self.argument is None and self.name in _WITH_ARGUMENT:
            raise ValueError(f"transform {self.name} needs an argument: `{self.name}: …`")
        return self

    @model_serializer
    def _as_it_was_written(self) -> str | dict[str, Argument]:
        if self.argument is None:
            return self.name
        return {self.name: self.argument}

    def sql(self, text: str, decimal_mark: str) -> str:
        """Return SQL for the transformed text.

        Args:
            text: an SQL expression of type VARCHAR.
            decimal_mark: of numbers in it.
        """
        match self.argument:
            case None:
                return _PLAIN[self.name].format(text)
            case list(values):
                return f"case when {text} not in ({', '.join(map(literal, values))}) then {text} end"
            case dict(values):
                cases = " ".join(f"when {literal(old)} then {literal(new)}" for old, new in values.items())
                return f"case {text} {cases} else {text} end"
            case str(pattern) if self.name == "extract":
                found = f"regexp_extract({text}, {literal(pattern)}, 1)"
                return f"case when regexp_matches({text}, {literal(pattern)}) then {found} else {text} end"
            case str(factor):
                return _product(text, factor, decimal_mark)


def _product(text: str, factor: str, decimal_mark: str) -> str:
    """A number times a factor, exact; what is no number, or too large, becomes a text that the parser sets aside."""
    number = f"try_cast({written.number(text, decimal_mark)} as decimal(24, 6))"
    if decimal_mark == ".":
        number = f"coalesce(try_cast({text} as decimal(24, 6)), {number})"
    product = f"cast(try({number} * cast({literal(factor)} as decimal(14, 6))) as varchar)"
    as_read = f"replace({product}, '.', {literal(decimal_mark)})"
    return f"coalesce({as_read}, {text} || {literal(f' × {factor}')})"


def _checked(name: str, argument: Any) -> Argument:  # noqa: ANN401
    """Return an argument with texts for scalars."""
    if name not in _WITH_ARGUMENT:
        one_of(name, _NAMES, "transform")
        raise ValueError(f"transform {name} takes no argument: write `- {name}`")
    try:
        found = _WITH_ARGUMENT[name].validate_python(argument)
    except ValidationError:
        form = {
            "empty_values": 'a list of texts, such as ["-", なし]',
            "map": "old and new texts, such as {済: attended}",
            "multiply_by": "a number, such as 1000 or 0.01",
            "extract": "a regular expression with one group",
        }
        raise ValueError(f"transform {name} needs {form[name]}") from None
    if isinstance(argument, list | dict) and any(isinstance(text, bool) for text in argument):
        # As which word it stands in the files, YAML does not tell: yes, Yes, on and true are one to it.
        raise ValueError(f"transform {name}: write yes, no, on, off, true and false in quotes, as the files have them")
    match found:
        case list():
            return [as_text(value) for value in found]
        case dict():
            return {as_text(old): as_text(new) for old, new in found.items()}
        case Decimal():
            return _factor(found)
        case _:
            return _pattern(found)


def _factor(number: Decimal) -> str:
    try:
        duckdb.execute("select cast($factor as decimal(14, 6))", {"factor": str(number)}).fetchall()
    except duckdb.Error:
        raise ValueError(f"multiply_by {number} is out of range: 8 digits before the point, 6 behind it") from None
    if number != round(number, 6):
        raise ValueError(f"multiply_by {number} has more than 6 digits behind the point")
    return f"{number:f}"


def _pattern(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
        duckdb.execute("select regexp_matches('', $pattern)", {"pattern": pattern}).fetchall()
    except (re.error, duckdb.Error):
        raise ValueError(f"extract {pattern!r} is no regular expression (syntax: RE2)") from None
    if groups != 1:
        raise ValueError(f"extract {pattern!r} needs one group in parentheses: the part to keep")
    return pattern


def register_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the function `nfkc`, which DuckDB has not; once is enough.

    It works on Arrow arrays: `translate` with the same characters took 16 times as long.
    """
    known = connection.execute("select 1 from duckdb_functions() where function_name = 'nfkc'").fetchall()
    if not known:
        connection.create_function("nfkc", _nfkc, ["VARCHAR"], "VARCHAR", type="arrow")


def _nfkc(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_normalize(texts, "NFKC")

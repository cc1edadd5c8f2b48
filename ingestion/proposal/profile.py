"""What the values of a file's column are: read by the SQL that loads them, so that what is told is what happens."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from ingestion import parsing
from ingestion.contract import Column
from ingestion.mapping import DecimalMark
from ingestion.proposal.vocabulary import Kind, vocabulary
from ingestion.reading import Field, Reading
from ingestion.sql import literal
from ingestion.transforms import register_functions

_FEW = 20  # different values
ENOUGH = 0.8  # share of the values that must fit a type; the others are told, and set aside

_PATTERNS = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    "phone": r"^(\+|0|\()[-0-9() ]{8,18}$",
    "excel_text": r'^="(.*)"$',
}


class Profile(NamedTuple):
    """Shares of a column's values, from 0 to 1, and how its dates are written."""

    values: int
    numbers: dict[DecimalMark, float]
    times: float
    date_format: str | None  # None: as they are
    also_date_format: str | None  # another one by which all could be read
    emails: float
    phones: float
    excel_texts: float
    changed_by_nfkc: float
    is_unique: bool
    distinct: tuple[str, ...]  # when they are few

    def share_of(self, kind: Kind) -> float:
        """Return which share of the values is of a kind."""
        return {"email": self.emails, "phone": self.phones, "text": 1.0}[kind]

    def fits(self, column_type: str, kind: Kind) -> bool:
        """Return whether the values may stand in a column."""
        if not self.values:
            return True
        if column_type in {"DATE", "TIMESTAMP"}:
            return self.times >= ENOUGH
        if column_type == "BOOLEAN":
            known = {*vocabulary().true_words, *vocabulary().false_words, "0", "1", "true", "false"}
            return bool(self.distinct) and known.issuperset(self.distinct)
        if column_type == "VARCHAR":
            return self.share_of(kind) >= ENOUGH
        return max(self.numbers.values()) >= ENOUGH


def profile(values: list[str]) -> Profile:
    """Return what the values of a column are; the words that stand for no value don't count."""
    with duckdb.connect() as connection:
        register_functions(connection)
        nothing = ", ".join(map(literal, vocabulary().empty_values))
        connection.execute("create table texts as select unnest($values::varchar[]) as text", {"values": values})
        connection.execute(f"create table sample as select text from texts where trim(text) not in ({nothing})")
        formats = {None: _share_read("TIMESTAMP")} | {
            # Without the forms of `written`, which all formats share: thirteen times they take a second to plan.
            form: _share_read("TIMESTAMP", date_format=(form,), mapping=None)
            for form in vocabulary().date_formats
        }
        patterns = {
            name: f"coalesce(avg(regexp_matches(nfkc(text), {literal(pattern)})::int), 0)"
            for name, pattern in _PATTERNS.items()
        }
        found = [
            "count(*)",
            _share_read("DECIMAL(18,2)"),
            _share_read("DECIMAL(18,2)", decimal_mark=","),
            *patterns.values(),
            "coalesce(avg((nfkc(text) <> text)::int), 0)",
            "count(distinct text) = count(*)",
            *formats.values(),
        ]
        count, point, comma, emails, phones, excel, changed, is_unique, *times = connection.execute(
            f"select {', '.join(found)} from sample"
        ).fetchall()[0]
        distinct = connection.execute(f"select distinct text from sample order by all limit {_FEW + 1}").fetchall()
    date_format, share, also = _best_format(dict(zip(formats, times, strict=True)))
    return Profile(
        count,
        {".": point, ",": comma},
        share,
        date_format,
        also,
        emails,
        phones,
        excel,
        changed,
        is_unique,
        tuple(text for (text,) in distinct) if len(distinct) <= _FEW else (),
    )


def _share_read(kind: str, **settings: object) -> str:
    """Return SQL for the share of the texts that the loader reads as a type."""
    reading = Reading.model_validate(
        {"system": "files", "stream": "lead", "format": "csv", "encoding": "utf-8", "timezone": "UTC", "mapping": {}}
        | settings
    )
    value = parsing.from_text("text", Field("text", Column(type=kind), ("text",)), reading)
    return f"coalesce(avg(({value} is not null)::int), 0)"


def _best_format(shares: dict[str | None, float]) -> tuple[str | None, float, str | None]:
    """Return the first format that reads the most, its share, and the next that reads as much."""
    most = max(shares.values())
    if shares[None] == most:
        return None, most, None
    first, *others = [form for form, share in shares.items() if share == most]
    return first, most, next(iter(others), None)

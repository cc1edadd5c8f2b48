"""What a check is: a query for the rows that break a rule, with the rule in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class Check:
    """One rule about one table.

    Attributes:
        id: Stable name, `<gate>.<rule>`.
        table: The table that the rule is about, `schema.table`.
        expects: The rule in plain words, with its bound.
        because: What goes wrong downstream when it is broken.
        rows: Query for the rows that break the rule; `{batch}` stands for the table. It selects keys, counts and
            bounds only: its rows are shown to people, so they must hold no personal data.
        severity: `error` refuses the layer, `warn` only tells.
    """

    id: str
    table: str
    expects: str
    because: str
    rows: str
    severity: Severity = "error"


@dataclass(frozen=True)
class Scope:
    """What a night's checks are measured against.

    Attributes:
        as_of: The moment of the run, naive UTC, as times are stored.
        reporting_currency: ISO code that amounts in marts must have.
        text_columns: The columns that hold text, per table of the warehouse (`schema.table`).
    """

    as_of: datetime
    reporting_currency: str
    text_columns: dict[str, list[str]]

    @property
    def as_of_sql(self) -> str:
        """The moment of the run as an SQL literal."""
        return f"timestamp '{self.as_of.isoformat(sep=' ')}'"


def union(queries: list[str]) -> str:
    """Return queries of equal columns as one."""
    return "\nunion all\n".join(queries)

"""The raw contract: which streams each system has, and the typed columns of each raw table.

The contract is data (``contracts/<system>.yml``). The loader reads files by it, the warehouse's ``raw`` schema is
created from it, and the dbt sources are checked against it, so that it stands in one place.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

CONTRACTS = Path(__file__).parent / "contracts"

Format = Literal["api_pages", "csv", "jsonl", "parquet"]

# What a value can name a person by: `leadmill erase` finds a person's records by these columns. A phone number never by
# itself: people share them.
Identifier = Literal["email", "record", "browser", "phone"]

# What every raw row keeps of its origin. `_delivered_at` is when the source handed the file over (the night its
# dated folder names, else the as_of of the run that first saw it): the models read only what was delivered by as_of.
META_COLUMNS: dict[str, str] = {
    "_extra": "JSON",
    "_source": "VARCHAR",
    "_stream": "VARCHAR",
    "_file": "VARCHAR",
    "_row_number": "BIGINT",
    "_delivered_at": "TIMESTAMP",
    "_loaded_at": "TIMESTAMP",
}


class Column(BaseModel):
    """One column of a raw table and where its value stands in the source's record."""

    model_config = ConfigDict(extra="forbid")

    type: str
    required: bool = False
    path: str | None = None  # dotted path in a JSON record; the column's own name by default
    from_path: str | None = None  # regular expression on the file's path, group 1 is the value
    parse: str | None = None  # epoch_ms (ISO 8601 is read too), or a strptime format
    # The person whom the record is about, or refers to. Each value of a list ('a;b' too) and each text in a nested or
    # JSON column counts, so that a form's answers are one column.
    identifies: Identifier | None = None
    # Of `record`: the system that gave the id, where it is not this source; `any` where the value does not tell.
    record_of: str | None = None
    # Of `record`: its type, where a source may count the ids of several types from 1 each.
    record_type: str | None = None
    # What becomes of the record when that person is erased: an activity goes, a deal stays and forgets its contact.
    on_erasure: Literal["remove", "clear"] = "remove"

    @model_validator(mode="after")
    def _erasable(self) -> Column:
        if (self.record_of or self.record_type) and self.identifies != "record":
            raise ValueError("`record_of` and `record_type` need `identifies: record`")
        if self.on_erasure == "clear" and (self.identifies is None or self.required):
            raise ValueError("`on_erasure: clear` needs `identifies` and a column that may be empty")
        return self


class Section(BaseModel):
    """A table inside a CSV file that holds several."""

    model_config = ConfigDict(extra="forbid")

    starts_after: str
    ends_before: str | None = None


class Stream(BaseModel):
    """One kind of record of a system."""

    model_config = ConfigDict(extra="forbid")

    files: str | None = None
    format: Format | list[Format] | None = None
    records: str | None = None
    encoding: str = "utf-8"
    skip_lines: int = 0
    furniture: str | None = None
    thousands: str | None = None
    null_text: str | None = None  # what a CSV file writes where there is no value
    section: Section | None = None
    key: list[str] = Field(default_factory=list)
    version_column: str | None = None
    time_column: str | None = None  # when a record was made, where no `version_column` tells when it was last changed
    columns: dict[str, Column]


class System(BaseModel):
    """A source system: its streams by name."""

    model_config = ConfigDict(extra="forbid")

    system: str
    streams: dict[str, Stream]


@cache
def systems() -> dict[str, System]:
    """Return every system of the raw contract by name."""
    found = (System.model_validate(yaml.safe_load(path.read_text("utf-8"))) for path in sorted(CONTRACTS.glob("*.yml")))
    return {system.system: system for system in found}


def table_name(system: str, stream: str) -> str:
    """Return the unquoted name of the raw table of a stream, in schema ``raw``."""
    return f"{system}__{stream}"


def quoted(identifier: str) -> str:
    """Return an SQL identifier in quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def create_raw_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the typed raw table of every stream that has none yet, so that no model needs to ask what is there.

    A column that is new in the contract is added to the table that is there.
    """
    connection.execute("create schema if not exists raw")
    known = set(
        connection.execute("select table_name, column_name from duckdb_columns() where schema_name = 'raw'").fetchall()
    )
    tables = {name for name, _ in known}
    for system in systems().values():
        for stream_name, stream in system.streams.items():
            name = table_name(system.system, stream_name)
            columns = {key: column.type for key, column in stream.columns.items()} | META_COLUMNS
            if name not in tables:
                body = ", ".join(f"{quoted(key)} {kind}" for key, kind in columns.items())
                connection.execute(f"create table raw.{quoted(name)} ({body})")
                continue
            for key, kind in columns.items():
                if (name, key) not in known:
                    connection.execute(f"alter table raw.{quoted(name)} add column {quoted(key)} {kind}")

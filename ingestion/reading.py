"""How the files of one stream are read: the raw contract of a connector, or a mapping to an entity.

A reading stands whole in the manifest of what was landed, so that loading needs no sources file.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from ingestion.contract import Column, Format, Stream, systems
from ingestion.mapping import DecimalMark, Delimiter, MappedColumn, MappedStream, Names
from ingestion.transforms import Transform


class Field(NamedTuple):
    """One column of the raw table, and where its value comes from: the record, the file's path, or a constant."""

    name: str
    column: Column
    paths: tuple[str, ...] = ()  # columns of a CSV or Parquet file, or dotted paths in a JSON record
    constant: str | None = None
    transforms: tuple[Transform, ...] = ()
    is_hashed: bool = False  # an id built from the values at `paths`


class Reading(BaseModel):
    """The rules by which files of a stream are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    stream: str
    format: Format
    encoding: str
    timezone: str  # of times without an offset
    # Of `system: files`, as its mapping says; a connector's files are as their contract says.
    delimiter: Delimiter = ","
    skip_lines: int = 0
    decimal_mark: DecimalMark = "."
    date_format: Names | None = None
    mapping: dict[str, MappedColumn] | None = None
    ids: dict[str, Names] = {}
    constants: dict[str, str] = {}

    @classmethod
    def of_connector(cls, system: str, stream: str, file_format: Format, business_timezone: str) -> Reading:
        """Return the reading of a connector's stream.

        APIs give offsets with their times; the CSV reports that people download have local ones.
        """
        return cls(
            system=system,
            stream=stream,
            format=file_format,
            encoding=systems()[system].streams[stream].encoding,
            timezone=business_timezone if file_format == "csv" else "UTC",
        )

    @classmethod
    def of_mapping(cls, mapped: MappedStream, business_timezone: str) -> Reading:
        """Return the reading of a mapped stream of `system: files`."""
        return cls(
            system="files",
            stream=mapped.entity,
            format=mapped.format,
            encoding=mapped.encoding,
            timezone=mapped.timezone or business_timezone,
            delimiter=mapped.delimiter,
            skip_lines=mapped.skip_lines,
            decimal_mark=mapped.decimal_mark,
            date_format=mapped.date_format,
            mapping=mapped.columns,
            ids=mapped.ids,
            constants=mapped.constant_texts(),
        )

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def contract(self) -> Stream:
        """The stream's raw contract."""
        return systems()[self.system].streams[self.stream]

    @property
    def lines_above(self) -> int:
        """Lines of a CSV file above its header."""
        return self.skip_lines or self.contract.skip_lines

    @property
    def fields(self) -> list[Field]:
        """Every contract column with the place of its value."""
        return [self._field(name, column) for name, column in self.contract.columns.items()]

    def _field(self, name: str, column: Column) -> Field:
        if self.mapping is None:
            return Field(name, column, () if column.from_path else (column.path or name,))
        if name in self.ids:
            return Field(name, column, self.ids[name], is_hashed=True)
        mapped = self.mapping.get(name)
        constant = self.constants.get(name)
        if mapped is None:
            return Field(name, column, constant=constant)
        return Field(name, column, mapped.names, constant, mapped.transforms)

    @property
    def needed_columns(self) -> list[str]:
        """Columns without which a CSV or Parquet file can't be what it should be: required, or mapped by the user."""
        return [path for f in self.fields if f.column.required or self.mapping is not None for path in f.paths]

    def called(self, names: list[str]) -> list[str]:
        """Return the names of a file's columns as this reading calls them.

        Where a needed name is not there, the column whose name differs only in width, case or space is meant.
        """
        missing = {_folded(name): name for name in self.needed_columns if name not in names}
        return [missing.pop(_folded(name), name) if name not in self.needed_columns else name for name in names]


def _folded(name: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).casefold()

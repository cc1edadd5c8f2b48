"""How the files of one stream are read: the raw contract of a connector, or a mapping to an entity.

A reading stands whole in the manifest of what was landed, so that loading needs no sources file.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from ingestion.contract import Column, Format, Stream, systems
from ingestion.sources_file import MappedStream


class Field(NamedTuple):
    """One column of the raw table, and where its value comes from: the record, the file's path, or a constant."""

    name: str
    column: Column
    path: str | None  # column of a CSV or Parquet file, or dotted path in a JSON record
    constant: str | None = None


class Reading(BaseModel):
    """The rules by which files of a stream are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    stream: str
    format: Format
    encoding: str
    timezone: str  # of times without an offset
    date_format: str | None = None
    mapping: dict[str, str] | None = None  # of `system: files`: entity's column → the file's
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
            date_format=mapped.date_format,
            mapping=mapped.columns,
            constants={name: _as_text(value) for name, value in mapped.constants.items()},
        )

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def contract(self) -> Stream:
        """The stream's raw contract."""
        return systems()[self.system].streams[self.stream]

    @property
    def fields(self) -> list[Field]:
        """Every contract column with the place of its value."""
        if self.mapping is None:
            return [
                Field(name, column, None if column.from_path else column.path or name)
                for name, column in self.contract.columns.items()
            ]
        return [
            Field(name, column, self.mapping.get(name), self.constants.get(name))
            for name, column in self.contract.columns.items()
        ]

    @property
    def needed_columns(self) -> list[str]:
        """Columns without which a CSV or Parquet file can't be what it should be: required, or mapped by the user."""
        return [
            field.path for field in self.fields if field.path and (field.column.required or self.mapping is not None)
        ]


def _as_text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

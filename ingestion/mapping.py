"""Files of any tool, mapped to the entities of ``system: files``: the form of a mapping in the sources file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from ingestion.checks import as_text, known_timezone, one_of
from ingestion.contract import Stream, systems
from ingestion.transforms import Transform

Delimiter = Literal[",", ";", "|", "\t"]
DecimalMark = Literal[".", ","]


def _listed(value: Any) -> Any:  # noqa: ANN401
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]


class MappedColumn(BaseModel):
    """Where the value of an entity's column comes from, and what is done to it before it is parsed.

    Written as the name of the file's column, as a list of names (their texts are joined by a blank), or as ``from``
    with ``transforms``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    names: Names = Field(alias="from")
    transforms: tuple[Transform, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, written: Any) -> Any:  # noqa: ANN401
        if isinstance(written, str | list | tuple):
            return {"from": written}
        if isinstance(written, dict):
            for name in written:
                one_of(str(name), ("from", "transforms"), "field of a column")
        return written


class MappedStream(BaseModel):
    """Files of any tool, mapped to one canonical entity."""

    model_config = ConfigDict(extra="forbid")

    entity: str
    path: str
    format: Literal["csv", "jsonl", "parquet"]
    encoding: str = "utf-8"
    delimiter: Delimiter = ","
    skip_lines: int = Field(0, ge=0)
    decimal_mark: DecimalMark = "."
    timezone: str | None = None
    date_format: Names | None = None
    columns: dict[str, MappedColumn] = Field(default_factory=dict)
    ids: dict[str, Names] = Field(default_factory=dict)
    constants: dict[str, str | int | float | bool] = Field(default_factory=dict)

    @field_validator("entity")
    @classmethod
    def _known_entity(cls, value: str) -> str:
        return one_of(value, systems()["files"].streams, "entity")

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError(f"unknown encoding {value!r}; use utf-8, utf-8-sig, cp932 …") from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str | None) -> str | None:
        return value if value is None else known_timezone(value)

    @model_validator(mode="after")
    def _known_columns(self) -> MappedStream:
        allowed = self.contract.columns
        given = [*self.columns, *self.ids, *self.constants]
        for name in given:
            one_of(name, allowed, f"column of {self.entity}")
        for name in self.ids:
            if allowed[name].type != "VARCHAR":
                raise ValueError(f"{name} of {self.entity} is no id: map it under `columns`")
            if name in self.columns:
                raise ValueError(f"{name} stands under `columns` and `ids`: leave one out")
        if absent := [name for name, column in allowed.items() if column.required and name not in given]:
            raise ValueError(
                f"{self.entity} needs {', '.join(absent)}:"
                " map under `columns`, build under `ids` or set under `constants`"
            )
        return self

    @model_validator(mode="after")
    def _only_what_the_format_has(self) -> MappedStream:
        given = [name for name in ("delimiter", "skip_lines") if name in self.model_fields_set]
        if given and self.format != "csv":
            raise ValueError(f"{', '.join(given)} is only for `format: csv`")
        return self

    @property
    def contract(self) -> Stream:
        """The raw contract of the entity."""
        return systems()["files"].streams[self.entity]

    def constant_texts(self) -> dict[str, str]:
        """Return the constants as the texts that a file would have."""
        return {name: as_text(value) for name, value in self.constants.items()}

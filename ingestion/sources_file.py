"""The sources file: which systems a company has, where their exports are, how other files map to entities.

A mistake is told with file, line and field. Secrets stand in it only as ``${ENV_NAME}``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Secret,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ingestion import connectors
from ingestion.checks import known_timezone, one_of
from ingestion.collector_settings import CollectorSettings
from ingestion.contract import systems
from ingestion.mapping import MappedStream
from leadmill.errors import InputError

Location = tuple[str | int, ...]

_SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Source(BaseModel):
    """One source of the company."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    system: str
    path: str | None = None
    api: SerializeAsAny[connectors.Settings] | None = None
    collector: CollectorSettings | None = None
    freshness_hours: float = Field(36, gt=0)  # a source that has delivered nothing for longer is late
    streams: list[MappedStream] = Field(default_factory=list)
    storage_options: Secret[dict[str, Any]] = Secret({})  # of the object stores that paths name

    @field_validator("system")
    @classmethod
    def _known_system(cls, value: str) -> str:
        return one_of(value, systems(), "system")

    @field_validator("api", mode="before")
    @classmethod
    def _settings_of_connector(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
        """Check the settings by the connector's own class, whose findings keep their fields."""
        system = info.data.get("system")  # None where it was found wrong itself
        if value is None or system is None:
            return None
        settings = connectors.settings_of(system).model_validate(value)
        for stream in settings.streams or ():
            one_of(stream, systems()[system].streams, f"stream of {system}")
        return settings

    @model_validator(mode="after")
    def _path_api_or_streams(self) -> Source:
        if self.system == "files" and not self.streams:
            raise ValueError("a source of `system: files` needs `streams`")
        ways = [way for way in (self.path, self.api, self.collector) if way is not None]
        if self.collector and self.system != "collector":
            raise ValueError("`collector` is only for `system: collector`")
        if self.system == "collector" and (len(ways) != 1 or self.api):
            raise ValueError("a collector needs either `collector`, or `path`, the folder of segments from elsewhere")
        if self.system == "files" and self.api:
            raise ValueError("`api` is not for `system: files`")
        if self.system != "files" and len(ways) != 1:
            raise ValueError("a connector needs either `path`, the folder of its exports, or `api`, the live API")
        if self.system != "files" and self.streams:
            raise ValueError("`streams` are only for `system: files`")
        return self


class Sources(BaseModel):
    """A whole sources file."""

    model_config = ConfigDict(extra="forbid")

    business_timezone: str = "Asia/Tokyo"
    reporting_currency: str = Field("JPY", pattern=r"^[A-Z]{3}$")
    sources: list[Source] = Field(min_length=1)
    folder: Path = Field(exclude=True)

    @field_validator("business_timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        return known_timezone(value)

    @model_validator(mode="after")
    def _names_differ(self) -> Sources:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"source names must differ: {', '.join(twice)}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which business days are cut."""
        return ZoneInfo(self.business_timezone)


def read_sources(path: Path) -> Sources:
    """Read and check a sources file.

    Raises:
        InputError: the file is missing or wrong; the message names file, line and field.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such sources file. Write one (README, 'Bring your own data').") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        # What the parser quotes, and the line that its own text shows, may be a secret.
        problem = re.sub(r" '.*'", "", str(getattr(error, "problem", "unreadable")))
        raise InputError(f"{path}{line}: not valid YAML: {problem}") from None
    if node is None or not isinstance(content, dict):
        raise InputError(f"{path}:1: expected `sources:` with a list of sources")
    lines = dict(_lines(node))
    content = _with_secrets(content, path, lines)
    try:
        return Sources.model_validate({**content, "folder": path.resolve().parent})
    except ValidationError as error:
        found = [_told(path, lines, detail["loc"], detail["msg"]) for detail in error.errors()]
        # pydantic's own text quotes values, secrets among them.
        raise InputError(_without_secrets("\n".join(found), text)) from None


def _without_secrets(message: str, text: str) -> str:
    """Return a message about a sources file with the names of its environment variables in place of their values."""
    values = {os.environ[name]: name for name in _SECRET.findall(text) if os.environ.get(name)}
    for value in sorted(values, key=len, reverse=True):
        message = message.replace(value, f"${{{values[value]}}}")
    return message


def _told(path: Path, lines: dict[Location, int], location: Location, message: str) -> str:
    """Return one finding as `file:line: field: message`; the line is that of the innermost part that exists."""
    known = next(location[:end] for end in range(len(location), -1, -1) if location[:end] in lines)
    field = ".".join(str(part) for part in location) or "file"
    return f"{path}:{lines[known]}: {field}: {message.removeprefix('Value error, ')}"


def _lines(node: yaml.Node, at: Location = ()) -> Iterator[tuple[Location, int]]:
    """Yield every place of a YAML document with its line, counted from 1."""
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*at, key.value))
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _lines(value, (*at, number))


def _with_secrets(value: Any, path: Path, lines: dict[Location, int], at: Location = ()) -> Any:  # noqa: ANN401
    """Return the content with each ``${ENV_NAME}`` replaced by the environment's value."""
    if isinstance(value, dict):
        return {key: _with_secrets(item, path, lines, (*at, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_secrets(item, path, lines, (*at, number)) for number, item in enumerate(value)]
    if isinstance(value, str):
        for name in _SECRET.findall(value):
            if name not in os.environ:
                raise InputError(_told(path, lines, at, f"environment variable {name} is not set; export it first"))
        return _SECRET.sub(lambda found: os.environ[found.group(1)], value)
    return value

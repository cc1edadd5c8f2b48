"""What the framework and a connector tell each other: settings, the window to fetch, and what was fetched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Fetched(NamedTuple):
    """One page of an API's answer, or one file that was downloaded."""

    # Name as the contract's `files` has it: `contacts.jsonl`, `form_submissions/<form>.jsonl`, `bulk.csv.gz`. Pages of
    # one name stand in one file, a line each; the suffix tells the format.
    file: str
    content: bytes | Path  # the answer's body as it came; or a file in the window's scratch folder
    # Up to where everything has come once this has. Only a stream that comes in a stable order can tell it before its
    # end; of a stream that never does, it is the window's end when all has come.
    cursor: str | None = None


@dataclass(frozen=True)
class Window:
    """What of a stream is to be fetched."""

    cursor: str | None  # where the last fetch ended or broke off; None for a first one and for a backfill
    start: datetime | None  # aware; the first moment wanted where there is no cursor, None for all there is
    until: datetime  # aware; the moment at which the window ends
    scratch: Path  # a folder for downloads; it goes when they have landed
    is_backfill: bool = False  # only what lies between `start` and `until`, whatever was fetched before

    @property
    def is_first(self) -> bool:
        """Nothing of the stream has been fetched yet."""
        return self.cursor is None and not self.is_backfill

    def since(self, overlap: timedelta = timedelta(0)) -> datetime | None:
        """Return where to begin when cursors are ISO 8601 times, as they are when a connector gives none.

        Args:
            overlap: asked again before the cursor, for records that a vendor shows late.
        """
        return datetime.fromisoformat(self.cursor) - overlap if self.cursor else self.start


Fetch = Callable[[Window], Iterator[Fetched]]


class Settings(BaseModel, ABC):
    """What stands below `api:` of a source. A subclass gives `url` the vendor's host; secrets are ``SecretStr``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str
    requests_per_second: float | None = Field(None, gt=0)
    timeout_seconds: float = Field(60, gt=0)
    start_on: date | None = None  # first business day of history that a first fetch asks for
    streams: list[str] | None = Field(None, min_length=1)  # all of them by default

    @abstractmethod
    def connect(self) -> Mapping[str, Fetch]:
        """Return how each stream of the contract is fetched, in the order in which to fetch them."""

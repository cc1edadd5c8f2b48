"""The words of headers and values, as data (``vocabulary.yml``)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

Kind = Literal["email", "phone", "text"]


class ColumnWords(BaseModel):
    """By what an entity's column is known."""

    model_config = ConfigDict(extra="forbid")

    words: list[str]
    never: list[str] = []  # words of headers that look alike and mean something else
    parts: list[list[str]] = []  # headers whose texts make one value together
    kind: Kind = "text"


class OwnId(BaseModel):
    """The id of an entity, and what stands for it in a file without one."""

    model_config = ConfigDict(extra="forbid")

    column: str
    same_as: str | None = None
    built_from: list[str] = []


class EntityWords(BaseModel):
    """By what an entity is known."""

    model_config = ConfigDict(extra="forbid")

    signs: list[str]
    id: OwnId | None = None
    columns: dict[str, list[str]] = {}  # words of its own
    constants: dict[str, str] = {}  # of required columns that its files often lack


class Vocabulary(BaseModel):
    """The whole vocabulary."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, ColumnWords]
    entities: dict[str, EntityWords]
    own_id: list[str]
    empty_values: list[str]
    true_words: list[str]
    false_words: list[str]
    factors: dict[str, int]
    date_formats: list[str]

    def words_of(self, entity: str, column: str) -> list[str]:
        """Return the words, folded, by which a column of an entity is known; its own first, its name included."""
        general = self.columns[column].words if column in self.columns else []
        words = [*self.entities[entity].columns.get(column, []), column, *general]
        return list(dict.fromkeys(folded(word) for word in words))


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary."""
    path = Path(__file__).with_name("vocabulary.yml")
    return Vocabulary.model_validate(yaml.safe_load(path.read_text("utf-8")))


def folded(text: str) -> str:
    """Return a header without differences of width and case, spaces and signs."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()

"""Which entity a file holds, and which of its columns is which of the entity's: by its header and its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ingestion.contract import systems
from ingestion.mapping import DecimalMark
from ingestion.proposal.profile import ENOUGH, Profile
from ingestion.proposal.sample import Sample
from ingestion.proposal.vocabulary import EntityWords, folded, vocabulary
from leadmill.errors import InputError

_EXACT = 10.0
_WITHIN = 8.0  # times the share of the header that the word is
_BY_VALUES = 4.0  # addresses and telephone numbers are known without a word
_LEAST = 2.5
_SIGN = 4.0  # in the file's name or a header
_ABSENT = 8.0  # a required column that nothing fills


class Match(NamedTuple):
    """One column of the entity and what of the file fills it."""

    column: str
    names: tuple[str, ...]
    score: float
    why: str


class Fit(NamedTuple):
    """How well an entity fits a file."""

    entity: str
    matches: dict[str, Match]
    ids: dict[str, tuple[str, ...]]  # built from columns
    constants: dict[str, str]
    absent: tuple[str, ...]  # required columns that nothing fills
    score: float


def best_fit(sample: Sample, profiles: dict[str, Profile], title: str, entity: str | None) -> Fit:
    """Return the entity that fits a file best.

    Args:
        sample: the file's beginning.
        profiles: what the values of each of its columns are.
        title: the file's name.
        entity: the entity that it is said to be; None leaves it open.

    Raises:
        InputError: none fits.
    """
    entities = [entity] if entity else list(vocabulary().entities)
    fits = [_fit(name, sample, profiles, title) for name in entities]
    best = max(fits, key=lambda fit: fit.score)
    if not best.matches or (best.score <= 0 and not entity):
        raise InputError(
            f"{title}: no entity fits its columns ({', '.join(sample.columns)});"
            " say with --entity what its records are, or leave the file out"
        )
    return best


def _fit(entity: str, sample: Sample, profiles: dict[str, Profile], title: str) -> Fit:
    words = vocabulary().entities[entity]
    contract = systems()["files"].streams[entity].columns
    matches = _assigned(entity, profiles)
    ids = _own_id(words, matches)
    constants = {name: text for name, text in words.constants.items() if name not in matches}
    given = {*matches, *ids, *constants}
    absent = tuple(name for name, column in contract.items() if column.required and name not in given)
    places = [folded(title), *map(folded, sample.columns)]
    has_sign = any(folded(sign) in place for sign in words.signs for place in places)
    score = sum(match.score for match in matches.values()) + _SIGN * has_sign - _ABSENT * len(absent)
    return Fit(entity, matches, ids, constants, absent, score)


def _assigned(entity: str, profiles: dict[str, Profile]) -> dict[str, Match]:
    """Give each column of the entity the file's column that fits it best, and none to two; the best pairs first."""
    pairs = sorted(_pairs(entity, profiles), key=lambda match: -match.score)
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for match in pairs:
        if match.column not in found and taken.isdisjoint(match.names):
            found[match.column] = match
            taken.update(match.names)
    return found


def _pairs(entity: str, profiles: dict[str, Profile]) -> Iterator[Match]:
    known = {folded(name): name for name in profiles}
    for column, spec in systems()["files"].streams[entity].columns.items():
        words = vocabulary().columns.get(column)
        for parts in words.parts if words else ():
            names = tuple(known[folded(part)] for part in parts if folded(part) in known)
            if len(names) == len(parts):
                yield Match(column, names, _EXACT, "parts of the name")
        for name, profile in profiles.items():
            if profile.fits(spec.type, words.kind if words else "text"):
                yield from _scored(entity, column, profile, name)


def _scored(entity: str, column: str, profile: Profile, name: str) -> Iterator[Match]:
    words = vocabulary().columns.get(column)
    header = folded(name)
    if words and any(folded(word) in header for word in words.never):
        return
    score, why = 0.0, ""
    for word in vocabulary().words_of(entity, column):
        here = _EXACT if word == header else _WITHIN * len(word) / len(header) if word in header else 0.0
        if here > score:
            score, why = here, "by its header"
    if words and words.kind != "text" and profile.share_of(words.kind) >= ENOUGH:
        score, why = score + _BY_VALUES, "by its header and values" if score else "by its values"
    own_id = vocabulary().entities[entity].id
    if own_id and own_id.column == column and profile.is_unique:
        general = [folded(word) for word in vocabulary().own_id]
        here = _EXACT / 2 * (header in general or any(header.endswith(word) for word in general))
        if here > score:
            score, why = here, "an id: its values differ"
    if score >= _LEAST:
        yield Match(column, (name,), score, why)


def _own_id(words: EntityWords, matches: dict[str, Match]) -> dict[str, tuple[str, ...]]:
    """Return from which columns an id is built where no column is one; an id that equals another column is matched."""
    own = words.id
    if own is None:
        return {}
    if own.same_as:
        for absent, other in ((own.column, own.same_as), (own.same_as, own.column)):
            if absent not in matches and other in matches:
                matches[absent] = Match(absent, matches[other].names, 0.0, f"no column of its own: as {other}")
    if own.column in matches:
        return {}
    names = tuple(name for column in own.built_from if column in matches for name in matches[column].names)
    return {own.column: names} if names else {}


def decimal_mark_of(profiles: dict[str, Profile], fit: Fit) -> DecimalMark:
    """Return the decimal mark with which more of the mapped numbers can be read; the point where both do."""
    columns = systems()["files"].streams[fit.entity].columns
    numbers = [
        profiles[name]
        for match in fit.matches.values()
        for name in match.names
        if columns[match.column].type.startswith(("DECIMAL", "BIGINT"))
    ]
    return "," if sum(p.numbers[","] for p in numbers) > sum(p.numbers["."] for p in numbers) else "."

"""Propose how a file that nobody has described maps to an entity: a sources file to edit and keep."""

from __future__ import annotations

import glob
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ingestion import landing, ledger, loading
from ingestion.checks import one_of
from ingestion.contract import systems
from ingestion.delivery import Delivery
from ingestion.mapping import MappedStream
from ingestion.proposal.form import written
from ingestion.proposal.matching import Fit, Match, best_fit, decimal_mark_of
from ingestion.proposal.profile import Profile, profile
from ingestion.proposal.sample import Sample, sample
from ingestion.proposal.vocabulary import folded, vocabulary
from ingestion.reading import Reading
from leadmill.errors import InputError
from leadmill.settings import Home

__all__ = ["propose"]

_ZONE = "Asia/Tokyo"


def propose(path: Path, entity: str | None = None, folder: Path | None = None) -> tuple[str, list[str]]:
    """Propose a mapping of a file, and try it on the whole file.

    Args:
        path: the file.
        entity: what its records are; None leaves it to the words of its header.
        folder: where the sources file will stand; the current folder by default.

    Returns:
        The sources file, and lines that say how many rows would load and why others would not.

    Raises:
        InputError: the file can't be read, or no entity fits it.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if entity:
        try:
            one_of(entity, systems()["files"].streams, "entity")
        except ValueError as error:
            raise InputError(f"--entity: {error}") from None
    found = sample(path)
    profiles = {name: profile(values) for name, values in found.columns.items()}
    fit = best_fit(found, profiles, path.name, entity)
    relative = glob.escape(Path(os.path.relpath(path, folder or Path.cwd())).as_posix())
    stream = _stream(relative, found, profiles, fit)
    told = _tried(path, stream, fit)
    return written(stream, fit, found, profiles, told), told


def _stream(path: str, found: Sample, profiles: dict[str, Profile], fit: Fit) -> dict[str, Any]:
    """Return the mapping as the sources file has it; what is as usual is left out."""
    contract = systems()["files"].streams[fit.entity].columns
    times = [m for m in fit.matches.values() if contract[m.column].type in {"DATE", "TIMESTAMP"}]
    formats = dict.fromkeys(profiles[name].date_format for match in times for name in match.names)
    date_formats: list[str] = [form for form in formats if form]
    settings = {
        "encoding": (found.encoding, "utf-8"),
        "delimiter": (found.delimiter, ","),
        "skip_lines": (found.skip_lines, 0),
        "decimal_mark": (decimal_mark_of(profiles, fit), "."),
        "date_format": (date_formats[0] if len(date_formats) == 1 else date_formats, []),
    }
    return (
        {"entity": fit.entity, "path": path, "format": found.format}
        | {name: value for name, (value, usual) in settings.items() if value != usual}
        | {"columns": {match.column: _column(match, found, profiles, fit) for match in fit.matches.values()}}
        | ({"ids": {column: list(names) for column, names in fit.ids.items()}} if fit.ids else {})
        | ({"constants": fit.constants} if fit.constants else {})
    )


def _column(match: Match, found: Sample, profiles: dict[str, Profile], fit: Fit) -> str | list[str] | dict[str, Any]:
    names = match.names[0] if len(match.names) == 1 else list(match.names)
    kind = systems()["files"].streams[fit.entity].columns[match.column].type
    transforms = [step for name in match.names for step in _transforms(name, kind, found.columns[name], profiles[name])]
    unique = [step for at, step in enumerate(transforms) if step not in transforms[:at]]
    return {"from": names, "transforms": unique} if unique else names


def _transforms(name: str, kind: str, values: list[str], known: Profile) -> list[Any]:
    words = vocabulary()
    steps: list[Any] = []
    if known.excel_texts:
        steps.append({"extract": '^="(.*)"$'})
    if kind == "VARCHAR" and known.changed_by_nfkc:
        steps.append("nfkc")
    if empty := [word for word in words.empty_values if word in values and kind != "BOOLEAN"]:
        steps.append({"empty_values": empty})
    if kind == "BOOLEAN" and (
        said := {
            text: text in words.true_words for text in known.distinct if text in words.true_words + words.false_words
        }
    ):
        steps.append({"map": said})
    factor = next((factor for unit, factor in words.factors.items() if folded(unit) in folded(name)), None)
    if factor and kind.startswith(("DECIMAL", "BIGINT")):
        steps.append({"multiply_by": factor})
    return steps


def _tried(path: Path, stream: dict[str, Any], fit: Fit) -> list[str]:
    """Land and load the file in a data home of its own, as a night would, and say what came of it."""
    if fit.absent:
        return [f"Not tried yet: {fit.entity} needs {', '.join(fit.absent)} too."]
    reading = Reading.of_mapping(MappedStream.model_validate(stream), _ZONE)
    now = datetime.now(UTC)
    with TemporaryDirectory(prefix="leadmill-inspect-") as folder:
        home = Home(path=Path(folder))
        mistakes: list[InputError] = []
        with landing.extracting(home, "own"):
            landing.land(home, "own", now, [Delivery(path, path.name, reading, now)], {}, mistakes)
        if mistakes:
            return str(mistakes[0]).splitlines()
        done = loading.load(home, now, lambda _: None)
        reasons = Counter(str(row["reason"]) for row in ledger.quarantine(home))
    told = [f"Tried on the whole file: {done.rows_loaded:,} rows would load, {done.rows_quarantined:,} be set aside."]
    return told + [f"  {count:,}: {reason}" for reason, count in reasons.most_common(5)]

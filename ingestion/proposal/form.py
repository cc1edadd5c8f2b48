"""A proposal as YAML: valid to keep, with a comment a line that says why."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import yaml

from ingestion.contract import systems
from ingestion.proposal.matching import Fit
from ingestion.proposal.profile import Profile
from ingestion.proposal.sample import Sample

_INDENT = "        "


def written(stream: dict[str, Any], fit: Fit, sample: Sample, profiles: dict[str, Profile], told: list[str]) -> str:
    """Return a whole sources file with one source of one stream.

    Args:
        stream: the mapping.
        fit: why.
        sample: the file's beginning.
        profiles: what its values are.
        told: lines that say how the whole file would be read.
    """
    contract = systems()["files"].streams[fit.entity].columns
    lines = [
        "# Proposed by `leadmill inspect`: read each line, mend what is wrong, keep the rest.",
        *(f"# {line}" for line in told),
        "business_timezone: Asia/Tokyo",
        "reporting_currency: JPY",
        "sources:",
        "  - name: own # your name for the tool",
        "    system: files",
        "    streams:",
    ]
    head = {name: value for name, value in stream.items() if name not in {"columns", "ids", "constants"}}
    lines += [
        f"      {'- ' if at == 0 else '  '}{name}: {_flow(value)}" for at, (name, value) in enumerate(head.items())
    ]
    if fit.absent:
        lines += [
            f"{_INDENT}# {name}: needed, and no column was found: map it, or set it under `constants`"
            for name in fit.absent
        ]
    lines += [f"{_INDENT}columns:"]
    for column, spec in stream["columns"].items():
        match = fit.matches[column]
        lines.append(
            f"{_INDENT}  {column}: {_flow(spec)} # {match.why}; {_share(match.names, contract[column].type, profiles)}"
        )
    for section in ("ids", "constants"):
        if stream.get(section):
            why = "no column is an id: a keyed hash of these" if section == "ids" else "of every record"
            lines += [f"{_INDENT}{section}: {_flow(stream[section])} # {why}"]
    used = {name for match in fit.matches.values() for name in match.names}
    if unmapped := [name for name in sample.columns if name not in used]:
        lines.append(f"{_INDENT}# Not mapped, kept in `_extra`:")
        lines += [f"{_INDENT}#   {_flow(name)} ({_example(sample.columns[name])})" for name in unmapped]
    free = [
        name
        for name in contract
        if name not in {*stream["columns"], *stream.get("ids", {}), *stream.get("constants", {})}
    ]
    lines.append(f"{_INDENT}# Columns of {fit.entity} that are free: {', '.join(free)}")
    return "\n".join(lines) + "\n"


def _share(names: tuple[str, ...], kind: str, profiles: dict[str, Profile]) -> str:
    """Say how many of the first values fit."""
    profile = profiles[names[0]]
    if not profile.values:
        return "no value in the first records"
    share = profile.times if kind in {"DATE", "TIMESTAMP"} else None
    if kind.startswith(("DECIMAL", "BIGINT")):
        share = max(profile.numbers.values())
    if share is None:
        return f"{profile.values:,} of the first records have one"
    told = f"{round(share * profile.values):,} of {profile.values:,} values are {kind}"
    return f"{told}, and would be by {profile.also_date_format} too: check" if profile.also_date_format else told


def _example(values: list[str]) -> str:
    """Return the form of the first value without what it says: letters and digits are masked."""
    if not values:
        return "empty"
    plain = re.sub(r"\s", " ", values[0])[:40]
    return "".join(_masked(sign) for sign in plain)


def _masked(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind == "Lo":  # of a script without cases, as Japanese is
        return "字"
    return {"L": "x", "N": "9"}.get(kind[0], sign)


def _flow(value: Any) -> str:  # noqa: ANN401
    """Return a value as YAML on one line."""
    return (
        str(yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10_000, sort_keys=False))
        .removesuffix("\n")
        .removesuffix("\n...")
    )

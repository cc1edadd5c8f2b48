"""The published versions: which there are, which is served, and switching between them."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from leadmill.errors import InputError
from leadmill.settings import Home
from serving.files import point

KEPT = 7
UNFINISHED = ".unfinished-"  # what stands under such a name is removed by the next publish


class Table(BaseModel):
    """What a version holds of one mart.

    Attributes:
        rows: Number of rows.
        columns: Type of each column by its name.
        content_hash: Equal for equal rows in any order (see `publishing.content_hash`).
    """

    model_config = ConfigDict(frozen=True)

    rows: int
    columns: dict[str, str]
    content_hash: str


class Version(BaseModel):
    """One published version; this is its `manifest.json`. Times are aware."""

    model_config = ConfigDict(frozen=True)

    version: str
    as_of: datetime
    started_at: datetime
    finished_at: datetime
    code_version: str
    tables: dict[str, Table]


def versions(home: Home) -> list[Version]:
    """Return the versions that are kept, in the order in which they were published."""
    manifests = home.published.glob("[0-9]*/manifest.json")
    return sorted((_read(path) for path in manifests), key=lambda version: version.finished_at)


def current(home: Home) -> Version | None:
    """Return the version that is served, or None before the first publish."""
    manifest = home.published / "current" / "manifest.json"
    return _read(manifest) if manifest.exists() else None


def rollback(home: Home, version: str) -> None:
    """Serve a kept version again.

    Raises:
        InputError: there is no such version; the message lists those that exist.
    """
    kept = [found.version for found in versions(home)]
    if version not in kept:
        known = ", ".join(kept) or "none"
        raise InputError(f"no published version {version!r} in {home.published}; there are: {known}")
    serve(home, version, "rollback")


def serve(home: Home, version: str, reason: Literal["publish", "rollback"]) -> None:
    """Write the switch down in `history.jsonl`, then switch `current` to a version.

    A reader that has the former version open keeps reading it.
    """
    before = current(home)
    line = {
        "switched_at": datetime.now(UTC).isoformat(),
        "reason": reason,
        "from": before and before.version,
        "to": version,
    }
    with (home.published / "history.jsonl").open("a", encoding="utf-8") as history:
        history.write(json.dumps(line) + "\n")
        history.flush()
        os.fsync(history.fileno())
    point(home.published / "current", version)


def prune(home: Home) -> None:
    """Remove the oldest versions beyond `KEPT`; the one that is served always stays."""
    served = current(home)
    for old in versions(home)[:-KEPT]:
        if old != served:
            # Renamed first: a killed removal must not leave half a version to roll back to.
            leftover = (home.published / old.version).rename(home.published / f"{UNFINISHED}{old.version}")
            shutil.rmtree(leftover)


def _read(manifest: Path) -> Version:
    return Version.model_validate_json(manifest.read_text("utf-8"))

"""Files of the published versions: writing that survives a crash, and how paths and moments stand in SQL."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def point(link: Path, target: str) -> None:
    """Make a symbolic link point to `target`, a name beside it, in one step."""
    new = link.with_name(f".{link.name}-new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    os.replace(new, link)
    sync(link.parent)


def path_literal(path: Path) -> str:
    """Return a path as an SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def stored(moment: datetime) -> datetime:
    """Return a moment as the marts store it: UTC without an offset."""
    return moment.astimezone(UTC).replace(tzinfo=None)

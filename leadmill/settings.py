"""Where a run keeps its data: everything stands below one data home."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Home(BaseModel):
    """The data home and the places in it."""

    model_config = ConfigDict(frozen=True)

    path: Path

    @classmethod
    def from_environment(cls, path: Path | None = None) -> Home:
        """Return the home at `path`, else at ``LEADMILL_HOME``, else ``./data``."""
        return cls(path=(path or Path(os.environ.get("LEADMILL_HOME") or "data")).resolve())

    @property
    def landing(self) -> Path:
        """Immutable source files with their manifests."""
        return self.path / "landing"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that runs write, one writer at a time."""
        return self.path / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """One folder per published version, and the link `current`."""
        return self.path / "published"

    @property
    def gates(self) -> Path:
        """Great Expectations' results and Data Docs."""
        return self.path / "gates"

    @property
    def dbt_target(self) -> Path:
        """Compiled models and run results."""
        return self.path / "dbt" / "target"

    @property
    def dbt_logs(self) -> Path:
        """The logs of dbt."""
        return self.path / "dbt" / "logs"

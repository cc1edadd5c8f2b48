"""Where a run keeps its data: everything stands below one data home."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict

ALERT_WEBHOOK = "LEADMILL_ALERT_WEBHOOK"  # environment variable: the chat's incoming webhook, a secret


class Home(BaseModel):
    """The data home and the places in it."""

    model_config = ConfigDict(frozen=True)

    path: Path

    @classmethod
    def from_environment(cls, path: Path | None = None) -> Home:
        """Return the home at `path`, else at ``LEADMILL_HOME``, else ``./data``."""
        return cls(path=(path or Path(os.environ.get("LEADMILL_HOME") or "data")).resolve())

    def prepare(self) -> None:
        """Make the home, and let nobody else read what this process writes to it, but for the published marts.

        Others may pass through the home to `published`, whose files and folders publishing opens for them.
        """
        os.umask(0o077)
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o711)

    def id_key(self) -> str:
        """Return the secret that keys published ids which may derive from an e-mail address.

        It is ``LEADMILL_ID_KEY`` where that is set, else a random one that the home keeps from its first run on.
        Two homes give a person the same id only with the same key.
        """
        file = self.path / "id_key"
        if key := os.environ.get("LEADMILL_ID_KEY"):
            return key
        if not file.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(f".{os.getpid()}")
            unfinished.touch(mode=0o600)
            unfinished.write_text(secrets.token_hex(32), "ascii")
            unfinished.rename(file)
        return file.read_text("ascii")

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

"""Live connectors: each asks one vendor's API and gives its answers as the files that the vendor's exports are.

A connector is a module named as its system, with one public class ``Settings``. To write one: docs/connectors.md.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

from ingestion.connectors.settings import Fetch, Fetched, Settings, Window

__all__ = ["Fetch", "Fetched", "Settings", "Window", "settings_of"]

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # before dlt is imported: it would tell its makers of runs


def settings_of(system: str) -> type[Settings]:
    """Return the settings class of a system's connector.

    Raises:
        ValueError: the system has no live connector.
    """
    module = f"{__name__}.{system}"
    if find_spec(module) is None:
        raise ValueError(f"system {system!r} has no live connector; set `path` to the folder of its exports")
    found: type[Settings] = import_module(module).Settings  # loaded here: the HTTP client takes seconds to import
    return found

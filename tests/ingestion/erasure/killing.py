"""An erasure in a process of its own that kills itself at its n-th change of the disk."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from identity.belongings import Belongings
from leadmill import erasure
from leadmill.settings import Home

AT = datetime(2026, 11, 2, tzinfo=UTC)
_CHANGES = ("fsync", "rename", "replace", "rmdir", "unlink")


def erase_until(home: Path, belongings: Belongings, change: int, told: Path) -> int:
    """Erase a person; be killed at a change of the disk, counted from 1. Return the process's exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["leadmill.erasure"])
    process = context.Process(target=_erase, args=(home, belongings, change, told))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _erase(home: Path, belongings: Belongings, change: int, told: Path) -> None:
    changes = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal changes
            changes += 1
            if changes == change:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return run

    for name in _CHANGES:
        setattr(os, name, counted(getattr(os, name)))
    # Identity is not built in so small a home: what it would say is given.
    setattr(erasure, "is_built", lambda _: True)  # noqa: B010 assigned: it is no public name
    setattr(erasure, "belongings", lambda *_: belongings)  # noqa: B010
    erasure.erase(
        Home(path=home),
        sorted(belongings.addresses),
        AT,
        dry_run=False,
        address_only=False,
        progress=lambda _: None,
    )
    told.write_text(str(changes))

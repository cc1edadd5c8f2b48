"""A publish that is killed at any step leaves the old version served, and the next publish clears up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from leadmill.settings import Home
from serving import current, versions
from tests.serving.conftest import published

pytestmark = pytest.mark.faults

# Publishes in a process of its own and dies, without any clean-up, where the given function would be called.
KILLED = """
import os, signal, sys
from pathlib import Path
from leadmill.settings import Home
from serving import publishing
from tests.serving.conftest import published

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(publishing, sys.argv[2], die)
published(Home(path=Path(sys.argv[1])))
"""


@pytest.mark.parametrize("step", ["content_hash", "_make_durable", "sync", "serve"])
def test_killed_before(step: str, home: Home) -> None:
    before = published(home)
    root = Path(__file__).parents[2]

    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", KILLED, str(home.path), step],
        cwd=root,
        check=False,
        env=os.environ | {"PYTHONPATH": "."},
    )

    assert done.returncode == -signal.SIGKILL
    assert current(home) == before
    after = published(home)
    assert current(home) == after
    assert not list(home.published.glob(".*"))
    for version in versions(home):  # one that was renamed but not yet served is whole, and may be rolled back to
        marts = home.published / version.version / "marts.duckdb"
        with duckdb.connect(str(marts), read_only=True) as reader:
            assert reader.execute("select count(*) from marts.marts.fct_sessions").fetchall() == [(3000,)]


def test_a_link_left_half_made_is_replaced(home: Home) -> None:
    first = published(home)
    (home.published / ".current-new").symlink_to("nowhere")

    assert current(home) == first
    assert current(home) != published(home)

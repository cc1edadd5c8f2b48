"""Cost of a night: wall time and peak memory of each step, beside bare DuckDB doing the same work in the same run.

    make bench                                   # about 1 M and 10 M events
    .venv/bin/python -m benchmarks.nightly --scale 1

Each step runs in a process of its own, so that its peak memory is its own; the time a process needs to start and
import is measured apart. Bare DuckDB reads the same landed files with its own readers, and
runs the very SQL that dbt compiled, in the same order, without dbt, contracts, tests or ledger.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import click
import duckdb

import serving
from leadmill.settings import Home

REPOSITORY = Path(__file__).parents[1]

# A step as Python code that a child process runs; `home`, `night` and `say` stand ready.
PRELUDE = """
import sys
from datetime import datetime
from pathlib import Path
import expectations, ingestion, serving
from leadmill import steps, transformation
from leadmill.settings import Home
home, sources, as_of = Home(path=Path(sys.argv[1])), ingestion.read_sources(Path(sys.argv[2])), sys.argv[3]
moment = datetime.fromisoformat(as_of)
night = steps.Night(home, sources, moment, moment)
say = lambda line: None
"""
SIMULATE = """
import sys
from pathlib import Path
from simulator import simulate
"""
BARE_PRELUDE = """
import sys
from pathlib import Path
sys.path.insert(0, ".")
from benchmarks import bare
from leadmill.settings import Home
home = Home(path=Path(sys.argv[1]))
"""


class Cost(NamedTuple):
    """What one child process took: for the work itself, for its start and imports, and at its peak."""

    seconds: float
    tooling_seconds: float
    peak_mb: float


def run(prelude: str, code: str, *arguments: str) -> Cost:
    """Run Python code in a child process; `prelude` (imports) is timed apart from `code`.

    Raises:
        SystemExit: the child failed.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:  # not `-c`: DuckDB would draw progress bars
        script.write(f"import time\n{prelude}\nstarted = time.perf_counter()\n{code}\n")
        script.write("print(time.perf_counter() - started, file=open(sys.argv[-1], 'w'))\n")
        script.flush()
        told = Path(f"{script.name}.seconds")
        started = time.perf_counter()
        child = subprocess.Popen([sys.executable, script.name, *arguments, str(told)], cwd=REPOSITORY)  # noqa: S603
        _, status, usage = os.wait4(child.pid, 0)
        whole = time.perf_counter() - started
    if status:
        raise SystemExit(f"a step failed (status {status}):\n{code}")
    seconds = float(told.read_text())
    told.unlink()
    return Cost(seconds, whole - seconds, usage.ru_maxrss / 1024)


def measure(scale: float, folder: Path) -> list[str]:
    """Simulate a company, run its night step by step beside bare DuckDB, and return the rows of a table."""
    from leadmill.steps import STEPS

    company, home = folder / "company", Home(path=folder / "home")
    made = run(
        SIMULATE,
        "simulate(Path(sys.argv[1]), scale=float(sys.argv[2]), progress=lambda line: None)",
        str(company),
        str(scale),
    )
    as_of = json.loads((company / "simulation.json").read_text())["as_of"]
    arguments = (str(home.path), str(company / "sources.yml"), datetime.fromisoformat(as_of).isoformat())

    def step(code: str) -> Cost:
        return run(PRELUDE, code, *arguments)

    def beside(code: str) -> Cost:
        return run(BARE_PRELUDE, code, *arguments)

    costs = {"extract": step("for source in sources.sources: steps.extract(night, source.name, say)")}
    costs |= {name: step(f"steps.STEPS[{name!r}].run(night, say)") for name in STEPS}
    peers = {
        "load_raw": beside("bare.load(home)"),
        "build_identity": beside("bare.build(home, 'identity')"),
        "build_marts": beside("bare.build(home, 'marts')"),
    }
    return [
        f"\n### {_events(home):,} events (`--scale {scale:g}`)\n",
        f"Simulated in {made.seconds:.0f} s. Start and imports, a process: {costs['extract'].tooling_seconds:.1f} s.\n",
        "| step | seconds | peak MB | bare DuckDB, seconds | peak MB | ratio |",
        "|---|---:|---:|---:|---:|---:|",
        *(_row(name, cost, peers.get(name)) for name, cost in costs.items()),
        _row("whole night", _total(list(costs.values())), _total(list(peers.values()))),
    ]


def _row(name: str, cost: Cost, peer: Cost | None) -> str:
    beside = f"{peer.seconds:.1f} | {peer.peak_mb:,.0f} | {cost.seconds / peer.seconds:.1f}" if peer else "| |"
    return f"| {name} | {cost.seconds:.1f} | {cost.peak_mb:,.0f} | {beside} |"


def _total(costs: list[Cost]) -> Cost:
    return Cost(
        sum(cost.seconds for cost in costs),
        sum(cost.tooling_seconds for cost in costs),
        max(cost.peak_mb for cost in costs),
    )


def _events(home: Home) -> int:
    with serving.open_marts(home) as connection:
        return int(connection.execute("select count(*) from marts.fct_events").fetchall()[0][0])


@click.command(help=__doc__)
@click.option("--scale", "scales", type=float, multiple=True, default=(5.6, 56.0), show_default=True)
def main(scales: tuple[float, ...]) -> None:
    """Print the tables in Markdown."""
    click.echo(f"{os.cpu_count()} cores, DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}")
    for scale in scales:
        with tempfile.TemporaryDirectory() as folder:
            click.echo("\n".join(measure(scale, Path(folder))))


if __name__ == "__main__":
    main()

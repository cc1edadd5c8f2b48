"""Events from files into raw: cost and peak memory, beside DuckDB's own read of the same file and beside dlt.

    make bench-ingestion                                      # 1 M and 10 M events
    .venv/bin/python -m benchmarks.ingestion --rows 50000000 --format csv --repeat 1

Each step is a process of its own, so that its peak memory is its own; start and imports are not counted. Ours is
landing (immutable copy, digest, check of the encoding, count, flush to the disk) and load (typed, with `_row_number`,
quarantine, unknown columns, ledger). The bare peer is `create table … as from read_json | read_csv | read_parquet`
with guessed types, and a checkpoint. dlt reads the same rows with its own readers and normalises them into DuckDB; it
is measured at fewer rows and compared a row.

CPU seconds stand beside the clock's: on a machine that others use, they are what can be compared.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click
import duckdb

REPOSITORY = Path(__file__).parents[1]
COLUMNS = (
    "event_id", "event_name", "occurred_at", "anonymous_id", "email", "url", "referrer", "channel", "campaign_id",
    "value",
)  # fmt: skip
FORMATS = ("jsonl", "csv", "parquet")

# One event a second, with the lengths, repetitions and gaps of a web site's.
EVENTS = """
select
    'ev_' || md5(n::varchar) as event_id,
    ['page_view', 'page_view', 'page_view', 'session_start', 'scroll', 'click', 'view_pricing', 'form_submit']
        [(hash(n) % 8)::bigint + 1] as event_name,
    strftime(timestamp '2020-01-01' + to_seconds(n), '%Y-%m-%dT%H:%M:%S.')
        || lpad((hash(n + 1) % 1000)::varchar, 3, '0') || 'Z' as occurred_at,
    'anon-' || (hash(n * 7) % 200000)::varchar as anonymous_id,
    case when hash(n * 3) % 10 = 0 then 'user' || (hash(n * 7) % 20000)::varchar || '@example.com' end as email,
    'https://www.example.com/' || ['', 'pricing', 'blog/記事', 'case/導入事例', 'about', 'docs/start']
        [(hash(n * 11) % 6)::bigint + 1] as url,
    case when hash(n * 13) % 3 = 0 then 'https://www.google.com/' end as referrer,
    ['organic', 'direct', 'paid_search', 'email', 'social'][(hash(n * 17) % 5)::bigint + 1] as channel,
    case when hash(n * 19) % 4 = 0 then 'cmp-' || (hash(n * 23) % 40)::varchar end as campaign_id,
    case when hash(n * 29) % 20 = 0 then (hash(n * 31) % 100000) / 100 end::decimal(18, 2) as value
from range($rows) as numbers(n)
"""

OURS = """
import sys
from datetime import datetime
from pathlib import Path
import ingestion
from ingestion.contract import systems
from leadmill.settings import Home
folder = Path(sys.argv[1])
home, sources = Home(path=folder / "home"), ingestion.read_sources(folder / "sources.yml")
as_of = datetime.fromisoformat("2026-11-01T00:00:00+09:00")
systems()
"""
BARE = """
import sys
from pathlib import Path
import duckdb
folder = Path(sys.argv[1])
(file,) = folder.glob("events.*")
reader = {".jsonl": "read_json", ".csv": "read_csv", ".parquet": "read_parquet"}[file.suffix]
"""
DLT = """
import os, sys
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
from pathlib import Path
import dlt
from dlt.sources.filesystem import filesystem, read_csv, read_jsonl, read_parquet
folder = Path(sys.argv[1])
(file,) = folder.glob("events.*")
read = {".jsonl": read_jsonl, ".csv": read_csv, ".parquet": read_parquet}[file.suffix]
rows = (filesystem(bucket_url=folder.as_uri(), file_glob=file.name) | read()).with_name("events")
pipeline = dlt.pipeline("bench", pipelines_dir=str(folder / "dlt"),
    destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")), dataset_name="raw")
"""
STEPS = {
    "landing": (OURS, 'ingestion.extract(sources, "own", home, as_of, lambda line: None)'),
    "load": (OURS, "ingestion.load(home, as_of, lambda line: None)"),
    "bare": (
        BARE,
        "connection = duckdb.connect(str(folder / 'bare.duckdb'))\n"
        "connection.execute(f\"create table events as from {reader}('{file}')\")\n"
        "connection.execute('checkpoint')",
    ),
    "dlt": (DLT, 'pipeline.run(rows, loader_file_format="parquet")'),
    "dlt, as it comes": (DLT, "pipeline.run(rows)"),
}


class Cost(NamedTuple):
    """What a step took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def run(step: str, folder: Path) -> Cost:
    """Run a step in a child process.

    Raises:
        SystemExit: it failed.
    """
    prelude, code = STEPS[step]
    script, told = folder / "step.py", folder / "cost.json"
    measured = "json.dump((time.perf_counter() - clock, time.process_time() - cpu), open(sys.argv[2], 'w'))"
    script.write_text(
        f"import json, sys, time\n{prelude}\n"
        f"clock, cpu = time.perf_counter(), time.process_time()\n{code}\n{measured}\n"
    )
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, str(script), str(folder), str(told)], cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": "."}
    )
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{step} failed (status {status})")
    seconds, cpu_seconds = json.loads(told.read_text())
    return Cost(seconds, cpu_seconds, usage.ru_maxrss / 1024)


def measure(rows: int, file_format: str, steps: tuple[str, ...], repeat: int) -> dict[str, Cost]:
    """Return the median cost of each step over some rounds, each from nothing, on the same file.

    The steps of a round follow each other, so that what else the machine does meets all of them.
    """
    found: dict[str, list[Cost]] = {step: [] for step in steps}
    with tempfile.TemporaryDirectory() as kept:
        file = Path(kept) / f"events.{file_format}"
        kind = {"jsonl": "json"}.get(file_format, file_format)
        duckdb.execute(f"copy ({EVENTS}) to '{file}' (format {kind})", {"rows": rows})
        for _ in range(repeat):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                (folder / file.name).hardlink_to(file)
                stream = {"entity": "event", "path": file.name, "format": file_format}
                source = {
                    "name": "own",
                    "system": "files",
                    "streams": [stream | {"columns": {column: column for column in COLUMNS}}],
                }
                (folder / "sources.yml").write_text(json.dumps({"sources": [source]}))
                for step in steps:
                    found[step].append(run(step, folder))
    return {step: Cost(*map(median, zip(*costs, strict=True))) for step, costs in found.items()}


def beside_bare(rows: int, formats: tuple[str, ...], repeat: int) -> Iterator[str]:
    """Yield a table of landing and load beside DuckDB's own read."""
    yield f"\n### {rows:,} events\n"
    yield (
        "| format | bare: s · CPU s · MB | landing: s · CPU s · MB | load: s · CPU s · MB"
        " | bare ÷ load: clock · CPU | bare ÷ (landing + load): clock · CPU |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    for file_format in formats:
        costs = measure(rows, file_format, ("bare", "landing", "load"), repeat)
        bare, landing, load = costs.values()
        whole = Cost(landing.seconds + load.seconds, landing.cpu_seconds + load.cpu_seconds, 0)
        yield (
            f"| {file_format} | {_told(bare)} | {_told(landing)} | {_told(load)}"
            f" | {_ratio(bare, load)} | {_ratio(bare, whole)} |"
        )


def beside_dlt(rows: int, formats: tuple[str, ...], repeat: int) -> Iterator[str]:
    """Yield a table of dlt's normalising path beside landing and load, of the same file."""
    yield f"\n### Beside dlt, {rows:,} events\n"
    yield (
        "| format | ours: s · CPU s | dlt, Parquet load files: s · CPU s | dlt as it comes: s · CPU s"
        " | dlt ÷ ours: clock · CPU | dlt as it comes ÷ ours |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    for file_format in formats:
        costs = measure(rows, file_format, ("landing", "load", "dlt"), repeat)
        plain = measure(rows, file_format, ("dlt, as it comes",), repeat)["dlt, as it comes"]
        ours = Cost(
            costs["landing"].seconds + costs["load"].seconds,
            costs["landing"].cpu_seconds + costs["load"].cpu_seconds,
            0,
        )
        yield (
            f"| {file_format} | {ours.seconds:.1f} · {ours.cpu_seconds:.1f}"
            f" | {costs['dlt'].seconds:.1f} · {costs['dlt'].cpu_seconds:.1f}"
            f" | {plain.seconds:.1f} · {plain.cpu_seconds:.1f}"
            f" | {_ratio(costs['dlt'], ours)} | {_ratio(plain, ours)} |"
        )


def _told(cost: Cost) -> str:
    return f"{cost.seconds:.1f} · {cost.cpu_seconds:.1f} · {cost.peak_mb:,.0f}"


def _ratio(above: Cost, below: Cost) -> str:
    return f"{above.seconds / below.seconds:.2f} · {above.cpu_seconds / below.cpu_seconds:.2f}"


@click.command(help=__doc__)
@click.option("--rows", "scales", type=int, multiple=True, default=(1_000_000, 10_000_000), show_default=True)
@click.option("--format", "formats", type=click.Choice(FORMATS), multiple=True, default=FORMATS, show_default=True)
@click.option("--repeat", type=int, default=3, show_default=True, help="Rounds; the median is told.")
@click.option("--dlt-rows", type=int, default=200_000, show_default=True, help="Rows beside dlt; 0 leaves it out.")
def main(scales: tuple[int, ...], formats: tuple[str, ...], repeat: int, dlt_rows: int) -> None:
    """Print the tables in Markdown."""
    click.echo(
        f"{os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}), DuckDB {duckdb.__version__},"
        f" Python {platform.python_version()}"
    )
    for rows in scales:
        for line in beside_bare(rows, formats, repeat):
            click.echo(line)
    if dlt_rows:
        for line in beside_dlt(dlt_rows, formats, repeat):
            click.echo(line)


if __name__ == "__main__":
    main()

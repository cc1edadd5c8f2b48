"""Cost of resolving identities: 10 M records, beside Splink's clustering, scipy alone and plain SQL on the same links.

    make bench-identity                                         # writes docs/identity_scale.md
    .venv/bin/python -m benchmarks.identity_scale --records 100000

The links are made up in SQL, the same ones at each run: mostly persons of one to four records, some heaps of 200,
chains of 1,000 merges, and now and then two contacts of the CRM that must be told apart. Resolution is dbt running
the models from `int_identity__changed_links` to `identity.person_changes`; then comes a night that brings 0.1 % more
records. Each step runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import duckdb

from benchmarks.identity_ways import connect
from benchmarks.nightly import Cost, run
from leadmill.settings import Home

PRELUDE = """
import sys
from pathlib import Path
from benchmarks import identity_graph, identity_ways
from leadmill.settings import Home
home, argument = Home(path=Path(sys.argv[1])), sys.argv[2]
"""
# dbt's start and parse are paid once a night for all models: they are no part of the resolution's time.
DBT_PRELUDE = f"{PRELUDE}manifest = identity_ways.dbt(home, argument, None, 'parse')"
PEERS = {
    "scipy": ("scipy's connected components alone, text ids", "import identity.components"),
    "contraction": ("the same in portable SQL (`contraction`)", "import identity.components"),
    "splink": ("Splink's clustering", "import splink.clustering"),
}
FIRST_NIGHT, NEXT_NIGHT = "2026-01-01 00:00:00", "2026-01-02 00:00:00"

# The partition as two numbers: how many parts, and each node with the least node of its part.
PARTITION = """
select count(distinct least_node), bit_xor(hash(node_key, least_node)) from (
    select node_key, min(node_key) over (partition by {component}) as least_node from {table}
)
"""
PERSONS = """
select count(*), count(*) filter (where records > 1), max(records)
from (select count(*) as records from intermediate.int_identity__membership group by person_id)
"""


def measure(home: Home, records: int) -> str:
    """Resolve the made-up links in `home` in every way, and return the result in Markdown.

    Raises:
        SystemExit: a step failed, or the ways disagree.
    """
    home.path.mkdir(parents=True)

    def step(code: str, argument: object, prelude: str = PRELUDE) -> Cost:
        return run(prelude, code, str(home.path), str(argument))

    step("identity_graph.create(home, int(argument))", records)
    step("identity_ways.seed(home, argument, manifest)", FIRST_NIGHT, DBT_PRELUDE)
    full = step("identity_ways.resolve(home, argument, manifest)", FIRST_NIGHT, DBT_PRELUDE)
    [(links,)] = _ask(home, "select count(*) from intermediate.int_identity__links")
    [(persons, joined, largest)] = _ask(home, PERSONS)

    costs = {"**Leadmill: the whole resolution**": full}
    partitions = set(_ask(home, PARTITION.format(table="intermediate.int_identity__components", component="block_key")))
    for way, (name, imports) in PEERS.items():
        costs[name] = step(f"identity_ways.{way}(home)", "", PRELUDE + imports)
        partitions |= set(_ask(home, PARTITION.format(table=way, component="component")))
    if len(partitions) > 1:
        raise SystemExit("The ways disagree on what is connected.")
    [(parts, _)] = partitions

    step("identity_graph.add_records(home, int(argument))", records)
    night = step("identity_ways.resolve(home, argument, manifest)", NEXT_NIGHT, DBT_PRELUDE)
    [(touched,)] = _ask(home, "select count(*) from intermediate.int_identity__touched_records")
    costs[f"**Leadmill: a night of 0.1 % new records** ({touched:,} records resolved anew)"] = night
    rows = "\n".join(f"| {name} | {cost.seconds:.1f} | {cost.peak_mb:,.0f} |" for name, cost in costs.items())
    return f"""\
# Identity at scale

Written by `make bench-identity` (`benchmarks/identity_scale.py`); {os.cpu_count()} cores, DuckDB {duckdb.__version__},
Python {sys.version.split()[0]}.

{records:,} records and {links:,} links: {persons:,} persons, {joined:,} of them of more than one record, the largest
of {largest:,}. Every way found the same {parts:,} connected parts. Reading the links from the warehouse and writing the
result to it are in every figure; start, imports and dbt's parse, paid once a night for all models, are in none: they
took {full.tooling_seconds:.0f} s.

| | seconds | peak MB |
|---|---:|---:|
{rows}

The others stop at connected parts. The resolution goes on: it cuts what must stay apart, names persons by what they
were before, and tells every change. The night took {night.seconds / full.seconds:.1%} of the whole resolution's time.
Both begin with the links and end with the change log. What comes before (values in one form, the links themselves)
and after (the tables that carry persons to records, sessions and facts) is built anew each night like every mart, and
is in neither figure.
"""


def _ask(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with connect(home) as connection:
        return connection.execute(sql).fetchall()


@click.command(help=__doc__)
@click.option("--records", default=10_000_000, show_default=True, type=click.IntRange(min=100_000))
@click.option("--out", type=click.Path(path_type=Path), help="Markdown file to write; printed without it.")
def main(records: int, out: Path | None) -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory() as folder:
        report = measure(Home(path=Path(folder) / "home"), records)
    if out:
        out.write_text(report, "utf-8")
    else:
        click.echo(report)


if __name__ == "__main__":
    main()

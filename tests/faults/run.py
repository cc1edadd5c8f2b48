"""kill -9 at random moments: `python -m tests.faults --kills 200`. Afterwards nothing is lost, and nothing twice."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

import click

from tests.faults.nights import Nights
from tests.faults.under_load import UnderLoad
from tests.ingestion.connectors.hubspot_server import HubSpot
from tests.serving.collector.tool import Tool

_SHARE_OF_NIGHTS = 0.6


def disturb_nights(folder: Path, kills: int, chance: Random) -> Nights:
    """Kill landing, live fetch and loading so often."""
    with HubSpot() as vendor:
        nights = Nights(folder, vendor, chance)
        while nights.kills.total() < kills:
            nights.pass_one(kills - nights.kills.total())
            click.echo(f"{nights.kills.total()} kills", err=True)
    return nights


def disturb_collector(folder: Path, kills: int, chance: Random) -> UnderLoad:
    """Kill a collector under load, and the landing of what it received, so often."""
    with Tool() as tool:
        under_load = UnderLoad(folder, tool, chance)
        while under_load.kills.total() < kills:
            under_load.kill_one(kills - under_load.kills.total())
            click.echo(f"{under_load.kills.total()} kills of the collector and its landing", err=True)
        under_load.settle()
    return under_load


@click.command()
@click.option("--kills", default=200, show_default=True, help="How often.")
@click.option("--seed", default=7, show_default=True, help="Of the moments; a moment is still the machine's.")
def main(kills: int, seed: int) -> None:
    """Kill every step of the ingestion at random moments, and compare with what was never disturbed."""
    chance, begin = Random(seed), time.monotonic()  # noqa: S311
    of_nights = round(kills * _SHARE_OF_NIGHTS)
    with tempfile.TemporaryDirectory() as folder:
        nights = disturb_nights(Path(folder) / "nights", of_nights, chance)
        differences = nights.differences()
        under_load = disturb_collector(Path(folder) / "web", kills - of_nights, chance)
        losses = under_load.losses()
        click.echo(f"seed {seed}, {time.monotonic() - begin:.0f} s")
        for step, times in (nights.kills + under_load.kills).items():
            click.echo(f"{times:5} kills: {step}")
        for what, times in nights.left.items():
            click.echo(f"{times:5} kills left {what}")
        _tell(f"{nights.rows():,} rows in raw and quarantine, and the ledger, as in the undisturbed home", differences)
        forms = sum(len(accepted) for accepted in under_load.submissions_accepted.values())
        again = Counter(times > 1 for times in under_load.events_sent.values())[True]
        _tell(
            f"{len(under_load.events_accepted):,} accepted events ({again} were sent again, their answer lost) and"
            f" {forms:,} accepted forms in raw; the tool has every form once, in order",
            losses,
        )
    if differences or losses:
        raise SystemExit(1)


def _tell(what: str, wrong: list[str]) -> None:
    click.echo(f"{'WRONG' if wrong else 'right'}: {what}")
    for line in wrong:
        click.echo(f"       {line}")

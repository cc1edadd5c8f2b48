"""The command `leadmill backfill`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from leadmill.options import home_option, sources_option
from leadmill.settings import Home

_Day = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("source")
@click.option("--from", "first", type=_Day, required=True, help="First business day.")
@click.option("--to", "last", type=_Day, required=True, help="Last business day, itself included.")
@sources_option
@home_option
def backfill(source: str, first: datetime, last: datetime, sources_path: Path, home_path: Path | None) -> None:
    """Fetch or read again some days of one SOURCE, and load them; nothing else is touched.

    An API is asked for what happened or changed on those days, and for the whole of what it can't give by day. Files
    in the folders of those days are read again, such as after the mapping or the raw contract has changed. What comes
    a second time takes the place of what came before.
    """
    import ingestion
    from leadmill import journal

    home = Home.from_environment(home_path)
    sources = ingestion.read_sources(sources_path)
    home.prepare()
    now = datetime.now(UTC)

    def say(line: str) -> None:
        click.echo(f"    {line}", err=True)

    # The warehouse is taken for the load alone: to ask an API for months may take hours, in which nights go on.
    with journal.entry(home, now, f"backfill {source}") as done:
        landed = ingestion.backfill(sources, source, home, first.date(), last.date(), now, say)
        loaded = ingestion.load(home, now, say, source)
        done(f"{landed}; {loaded}")
    click.echo(f"{landed}; {loaded}. Next: leadmill nightly --home {home.path}")

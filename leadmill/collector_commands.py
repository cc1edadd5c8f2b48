"""The commands `leadmill collector` and `leadmill outbox`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadmill import tables
from leadmill.options import home_option, sources_option
from leadmill.settings import Home

if TYPE_CHECKING:
    from ingestion.sources_file import Source

_source_option = click.option("--source", help="Which collector of the sources file [the only one].")


@click.command()
@sources_option
@home_option
@_source_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; TLS is a proxy's work.")
@click.option("--port", default=8787, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
def collector(sources_path: Path, home_path: Path | None, source: str | None, host: str, port: int) -> None:
    """Receive browsers' events and signed form submissions until stopped."""
    from serving.collector.server import serve

    home = Home.from_environment(home_path)
    chosen = _collector(sources_path, source)
    home.prepare()
    serve(home, chosen, host=host, port=port, progress=lambda line: click.echo(line, err=True))


@click.group(invoke_without_command=True)
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
@click.pass_context
def outbox(context: click.Context, home_path: Path | None, as_json: bool) -> None:
    """Show form submissions that have not reached a receiver; dead letters are those given up."""
    from serving.collector.outbox import open_outbox, outbox_path

    context.obj = Home.from_environment(home_path)
    if context.invoked_subcommand:
        return
    rows = []
    if outbox_path(context.obj).exists():
        with open_outbox(context.obj, time.time) as found:
            rows = found.unfinished()
    if as_json:
        tables.print_json(rows)
    elif rows:
        tables.show("Outbox", rows)
    else:
        click.echo("Every submission has reached its receivers.")


@outbox.command()
@click.pass_obj
def retry(home: Home) -> None:
    """Let dead letters go out again, and what waits at once; the running collector delivers."""
    from serving.collector.outbox import open_outbox

    with open_outbox(home, time.time) as found:
        revived, overtaken = found.retry()
    click.echo(f"{revived} dead letters go out again.")
    if overtaken:
        click.echo(f"{overtaken} stay: the receiver has a later submission of the same person.")


@outbox.command()
@sources_option
@_source_option
@click.pass_obj
def drain(home: Home, sources_path: Path, source: str | None) -> None:
    """Deliver now, while no collector runs: what waits, and dead letters."""
    from serving.collector.server import drain as deliver

    counts = deliver(home, _collector(sources_path, source))
    click.echo(f"{counts['waiting']} still wait, {counts['dead']} are dead letters.")


def outbox_counts(home: Home) -> dict[str, int] | None:
    """Return how many entries wait and how many are dead letters; None where there is no collector."""
    from serving.collector.outbox import open_outbox, outbox_path

    if not outbox_path(home).exists():
        return None
    with open_outbox(home, time.time) as found:
        return found.counts()


def _collector(sources_path: Path, name: str | None) -> Source:
    import ingestion
    from serving.collector.server import collector_of

    return collector_of(ingestion.read_sources(sources_path), name)

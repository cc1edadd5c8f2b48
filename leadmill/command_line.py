"""The `leadmill` command. Exit codes: 0 done, 1 fault, 2 bad configuration or input, 3 a gate refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from leadmill import collector_commands, marts_commands, tables
from leadmill.backfill_command import backfill
from leadmill.errors import InputError, LeadmillError
from leadmill.options import home_option, json_option, sources_option
from leadmill.settings import Home

# The heavy rooms (dbt, Great Expectations) are imported by the commands that use them: `leadmill kpi` answers at once.


class Group(click.Group):
    """Commands whose errors are told without a traceback, with the exit code of their kind."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run a command; end with the code of the error it raises."""
        try:
            return super().invoke(ctx)
        except LeadmillError as error:
            click.secho(str(error), fg="red", err=True)
            sys.exit(error.exit_code)


@click.group(cls=Group)
@click.version_option(package_name="leadmill")
def main() -> None:
    """Leadmill: marketing and sales exports in, checked KPI marts out."""


main.add_command(collector_commands.collector)
main.add_command(collector_commands.outbox)
main.add_command(backfill)
for command in marts_commands.COMMANDS:
    main.add_command(command)


@main.command()
@sources_option
@home_option
@click.option("--as-of", help="ISO 8601 moment the run speaks of [now]; without an offset in the business time zone.")
@click.option("--full-refresh", is_flag=True, help="Rebuild what models keep from night to night.")
def nightly(sources_path: Path, home_path: Path | None, as_of: str | None, full_refresh: bool) -> None:
    """Load, build, check and publish: the steps of the nightly DAG, without Airflow."""
    import ingestion
    from leadmill import journal, steps

    home = Home.from_environment(home_path)
    sources = ingestion.read_sources(sources_path)
    home.prepare()
    started_at = datetime.now(UTC)
    moment = _moment(as_of, sources) if as_of else started_at
    night = steps.Night(home, sources, moment, started_at, full_refresh)
    with ingestion.writer_lock(home):
        for source in sources.sources:
            with journal.entry(home, moment, f"extract {source.name}") as done:
                done(_told(f"extract {source.name}", partial(steps.extract, night, source.name, _say)))
        for name, step in steps.tonight().items():
            with journal.entry(home, moment, name) as done:
                done(_told(step.title, partial(steps.run, name, night, _say)))
    click.echo(f"\nThe marts stand in {home.published / 'current'}. Next: leadmill kpi --home {home.path}")


@main.command()
@home_option
@json_option
def status(home_path: Path | None, as_json: bool) -> None:
    """Show the last run, what each source last delivered, and what is published."""
    import ingestion
    import serving
    from leadmill import journal

    home = Home.from_environment(home_path)
    run = journal.last(home)
    try:
        sources, changes = ingestion.freshness(home), ingestion.schema_changes(home)
    except LeadmillError as error:  # a load is running: what was published is still told
        sources, changes = [], []
        click.echo(f"Sources can't be told now: {error}", err=True)
    published = serving.current(home)
    outbox = collector_commands.outbox_counts(home)
    if as_json:
        content = {
            "last_run": run,
            "sources": sources,
            "schema_changes": changes,
            "published": published and published.version,
            "outbox": outbox,
        }
        tables.print_json(content)
        return
    if outbox:
        click.echo(f"Outbox: {outbox['waiting']} waiting, {outbox['dead']} dead letters (see `leadmill outbox`)")
    if not run:
        click.echo(f"Nothing has run in {home.path} yet. Next: leadmill nightly --home {home.path}")
        return
    tables.show("Last run", run, ["step", "outcome", "finished_at", "detail"])
    tables.show_sources(sources)
    if changes:
        tables.show("Schema changes, the latest first", changes[:10])
    click.echo(f"Published: {published.version if published else 'nothing yet'}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--entity", help="What its records are, such as lead; by default the one that fits best.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the sources file here [print it].")
def inspect(file: Path, entity: str | None, out: Path | None) -> None:
    """Propose how FILE, a CSV, JSON lines or Parquet file of any tool, maps to an entity: a sources file to edit."""
    from ingestion.proposal import propose

    if out and out.exists():
        raise InputError(f"{out} exists: name another file, and move the stream into it by hand")
    text, told = propose(file, entity, out.parent if out else None)
    if not out:
        click.echo(text, nl=False)
        return
    out.write_text(text, "utf-8")
    for line in told:
        click.echo(line)
    click.echo(f"The proposal stands in {out}: read and mend it. Next: leadmill nightly --sources {out}")


@main.command()
@home_option
@json_option
@click.option("--with-text", is_flag=True, help="Show the rows themselves; they may hold personal data.")
def quarantine(home_path: Path | None, as_json: bool, with_text: bool) -> None:
    """List what was set aside, and why."""
    import ingestion

    rows = ingestion.quarantine(Home.from_environment(home_path))
    if not with_text:
        rows = [{name: value for name, value in row.items() if name != "row_text"} for row in rows]
    if as_json:
        tables.print_json(rows)
    elif rows:
        tables.show("Quarantine", rows)
    else:
        click.echo("Nothing is set aside.")


@main.command()
@click.argument("wanted", metavar="ADDRESS|ID")
@home_option
@json_option
@click.option("--with-text", is_flag=True, help="Show addresses, names and phone numbers unmasked.")
def who(wanted: str, home_path: Path | None, as_json: bool, with_text: bool) -> None:
    """Explain one person: records, the links that join them, what was refused and why, and what changed.

    ADDRESS|ID is an e-mail address, a telephone number, a record's id in its tool, a record key (source|type|id), a
    browser's id or a person id, a former one included.
    """
    from dataclasses import asdict

    from identity.explanation import explain
    from ingestion.warehouse import connect

    home = Home.from_environment(home_path)
    if not home.warehouse.exists():
        raise InputError(f"there is no warehouse in {home.path} yet; run `leadmill nightly` first")
    with connect(home, read_only=True) as connection:
        person = explain(connection, wanted, with_text=with_text)
    if as_json:
        tables.print_json(asdict(person))
    else:
        tables.show_person(person)


@main.command()
@click.option("--email", "addresses", multiple=True, help="Address of who is to be forgotten; may be given repeatedly.")
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--address-only", is_flag=True, help="Go on where identity isn't built: what carries the address goes.")
@click.option("--allow", help="Address of an erased person who came back: take what is delivered from now on.")
@home_option
@json_option
def erase(
    addresses: tuple[str, ...],
    dry_run: bool,
    address_only: bool,
    allow: str | None,
    home_path: Path | None,
    as_json: bool,
) -> None:
    """Forget a person everywhere in the data home, keep them out when they are delivered again, and prove it.

    Killed on the way, the same command ends it. Run a night afterwards: it builds what stood on the person's rows anew.
    """
    from dataclasses import asdict

    from ingestion.erasure import requests
    from leadmill import erasure

    home = Home.from_environment(home_path)
    if bool(addresses) == bool(allow):
        raise InputError("give --email ADDRESS to erase, or --allow ADDRESS to take a person's data again")
    if allow:
        count = requests.allow(home, allow, datetime.now(UTC))
        click.echo(f"{count} identifiers are known again, in what is delivered from now on.")
        return
    done = erasure.erase(home, addresses, datetime.now(UTC), dry_run=dry_run, address_only=address_only, progress=_say)
    if as_json:
        tables.print_json(asdict(done))
        return
    tables.show(
        "Would go" if dry_run else "Erased", [{"place": place, "count": count} for place, count in done.places.items()]
    )
    for reason in done.left:
        click.echo(f"Left: {reason}")
    if done.delivered:
        click.echo("Files that your tools delivered hold the person still; remove them, and the person in the tools:")
        for path in done.delivered:
            click.echo(f"  {path}")
    if not dry_run:
        click.echo(f"Proved: 0 occurrences in {done.searched:,} files of {home.path}.")
        click.echo("Next: leadmill nightly; then `leadmill audiences`, and upload the files anew to the ad platforms.")


@main.command()
@click.option("--days", type=click.IntRange(min=30), default=365, show_default=True, help="Length of the history.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same company.")
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="Size.")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), default="2025-11-01", show_default=True, help="First day.")
@click.option("--nights", type=click.IntRange(min=0), default=7, show_default=True, help="Last days, one folder each.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="An empty folder.")
def simulate(days: int, seed: int, scale: float, start: datetime, nights: int, out: Path) -> None:
    """Write a sample company's raw exports, with the ground truth beside them."""
    from simulator import simulate as write

    write(out, days=days, seed=seed, scale=scale, start=start.date(), nights=nights, progress=_say)
    click.echo(f"The sample company stands in {out}. Next: leadmill nightly --sources {out / 'sources.yml'}")


def _moment(text: str, sources: Any) -> datetime:  # noqa: ANN401
    """Return the moment of an ISO 8601 text, in the business time zone when it has no offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--as-of {text!r} is not ISO 8601; write 2026-11-01 or 2026-11-01T03:00:00+09:00") from None
    return (found if found.tzinfo else found.replace(tzinfo=sources.zone)).astimezone(UTC)


def _say(line: str) -> None:
    click.echo(f"    {line}", err=True)


def _told(title: str, run: Callable[[], str]) -> str:
    """Run one step between a line that names it and a line that says what it did and how long it took."""
    started_at = datetime.now(UTC)
    click.secho(f"● {title} …", err=True)
    summary = run()
    click.secho(f"  ✓ {summary} ({(datetime.now(UTC) - started_at).total_seconds():.1f} s)", fg="green", err=True)
    return summary

"""Commands about the published marts: what they say, who is told of it, and which version is served."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from leadmill import tables
from leadmill.errors import InputError
from leadmill.options import home_option, json_option
from leadmill.settings import Home


@click.command()
@click.option("--language", type=click.Choice(["en", "ja"]), default="en", show_default=True, help="Names of the KPIs.")
@click.option(
    "--phase",
    type=click.Choice(["introduction", "growth", "maturity"]),
    help="Only the KPIs that matter most in this phase of running marketing automation.",
)
@home_option
@json_option
def kpi(language: Literal["en", "ja"], phase: str | None, home_path: Path | None, as_json: bool) -> None:
    """Show the funnel and the KPIs of the published marts."""
    import serving

    home = Home.from_environment(home_path)
    funnel, values = serving.funnel_table(home), serving.kpi_table(home, phase)
    if as_json:
        tables.print_json({"funnel": funnel, "kpi": values})
        return
    tables.show_funnel(funnel)
    tables.show_kpis(values, language)
    marts = home.published / "current" / "marts.duckdb"
    click.echo(f"Marts: {marts}   Parquet: {marts.parent / 'parquet'}")
    click.echo("Query them with any DuckDB client, also while a load runs, or here:")
    click.echo("""  leadmill query "from marts.mart_kpi_values where kpi_id = 'mql' and period_grain = 'month'" """)
    click.echo(f"The month's meeting pack as one HTML page: leadmill pack --home {home.path}")


@click.command()
@click.option("--send", is_flag=True, help="Post those not sent yet to the webhook in LEADMILL_ALERT_WEBHOOK.")
@click.option(
    "--language",
    type=click.Choice(["en", "ja"]),
    envvar="LEADMILL_ALERT_LANGUAGE",
    default="en",
    show_default=True,
    help="Language of the messages.",
)
@home_option
@json_option
def alerts(send: bool, language: Literal["en", "ja"], home_path: Path | None, as_json: bool) -> None:
    """Show which targets will probably be missed before their period ends, and tell a chat."""
    import ingestion
    from serving import alerts as alerting

    home = Home.from_environment(home_path)
    count = 0
    if send:
        url = alerting.webhook()
        with ingestion.writer_lock(home):  # a nightly load posts too: each alert goes out once
            if alerting.are_past(home, datetime.now(UTC)):
                raise InputError("the published marts speak of a past date: nobody is told")
            count = alerting.send(home, url, language)
    found = alerting.alerts(home)
    if as_json:
        tables.print_json([alert.model_dump() for alert in found])
        return
    for alert in found:
        click.echo(f"{alert.line(language)}{'' if alert.is_sent else ' (not sent)'}")
    if not found:
        click.echo("No target is at risk.")
    if send:
        click.echo(f"{count} sent.")


@click.command()
@home_option
@click.option("--month", type=click.DateTime(["%Y-%m"]), help="Month of the meeting pack [the last that has ended].")
@click.option("--language", type=click.Choice(["en", "ja"]), default="ja", show_default=True, help="Language of words.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="HTML file [packs/ in the home].")
@click.option("--pdf", is_flag=True, help="Print it as PDF beside, by headless Chromium.")
def pack(
    home_path: Path | None, month: datetime | None, language: Literal["en", "ja"], out: Path | None, pdf: bool
) -> None:
    """Write the monthly marketing × sales meeting pack: what missed, why, which contents' leads became meetings."""
    from serving import monthly_pack

    home = Home.from_environment(home_path)
    made = monthly_pack.make(home, month.date() if month else None, language)
    page = out or home.path / "packs" / f"{made.month_on:%Y-%m}.{language}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(made.html, "utf-8")
    click.echo(f"The pack stands in {page}; open it in any browser.")
    if pdf:
        monthly_pack.print_pdf(page, page.with_suffix(".pdf"))
        click.echo(f"PDF: {page.with_suffix('.pdf')}")


@click.command()
@click.argument("sql")
@home_option
@json_option
def query(sql: str, home_path: Path | None, as_json: bool) -> None:
    """Run SQL on the published marts (tables marts.<name>), read-only."""
    import duckdb

    import serving

    with serving.open_marts(Home.from_environment(home_path)) as connection:
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        try:
            rows = connection.sql(sql).to_arrow_table().to_pylist()
        except duckdb.Error as error:
            raise InputError(str(error)) from error
    if as_json:
        tables.print_json(rows)
    else:
        tables.show(f"{len(rows)} rows", rows)


@click.command()
@home_option
@json_option
def versions(home_path: Path | None, as_json: bool) -> None:
    """List the published versions that are kept."""
    import serving

    home = Home.from_environment(home_path)
    current = serving.current(home)
    rows = [
        {"version": found.version, "as_of": found.as_of, "is_current": current is not None and found == current}
        for found in serving.versions(home)
    ]
    if as_json:
        tables.print_json(rows)
    else:
        tables.show("Published versions", rows)


@click.command()
@click.argument("version")
@home_option
def rollback(version: str, home_path: Path | None) -> None:
    """Serve a former published VERSION again (see `leadmill versions`)."""
    import serving

    serving.rollback(Home.from_environment(home_path), version)
    click.echo(f"Version {version} is served again. The next nightly run publishes a new one.")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder; a former export goes.",
)
@home_option
@json_option
def audiences(out: Path, home_path: Path | None, as_json: bool) -> None:
    """Write retargeting audiences and offline conversions for Google, Meta and LinkedIn, hashed.

    Only people who consented are in the files. Each export is whole: upload it as a replacement, so that whoever
    withdrew consent is gone.
    """
    from serving import activation

    written = activation.export(Home.from_environment(home_path), out)
    if as_json:
        tables.print_json(written.model_dump())
        return
    tables.show(f"{out} as of {written.as_of}", [{"file": file.file, "rows": file.rows} for file in written.files])


COMMANDS = [kpi, alerts, pack, query, versions, rollback, audiences]

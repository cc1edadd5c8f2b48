"""Cost of the KPI values on many events and leads, beside plain SQL that counts the same numbers from the same facts.

    make bench-kpi                               # 10 M events, 1 M leads
    .venv/bin/python -m benchmarks.kpi_marts --home data --events 1000000 --leads 100000

The facts of a finished home are repeated, each copy with ids of its own, until there are as many as asked. Then the
SQL that dbt compiled for the KPI values runs on them in the order of the graph, and beside it one hand-written query a
KPI: no measures, no catalogue, straight from the fact. Both must give the same numbers.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import click
import duckdb

from leadmill.settings import Home

GRAINS = ("day", "week", "month", "quarter")
TARGET = "mart_kpi_values"
KPI_FOLDERS = ("models/intermediate/kpi/", "models/marts/kpi/")
# What tells one subject from another: repeated facts get a suffix there.
ENTITY_IDS = {
    *("event_id", "session_id", "visitor_id", "person_id", "message_id", "lead_id", "opportunity_id"),
    *("attendance_id", "call_id", "enrolment_id", "record_key"),
}
BY_EVENTS = {"fct_events", "fct_sessions", "fct_email_messages", "int_email__outcomes"}
BY_LEADS = {"fct_lead_lifecycle", "fct_lead_stage_events", "fct_opportunities", "int_lifecycle__lead_records"}

DAY = "cast(timezone('Asia/Tokyo', timezone('UTC', {})) as date)"
WEB = {"channel": "channel", "campaign": "campaign_id", "content": "landing_path"}
MAIL = {"channel": "'email'", "campaign": "campaign_id", "content": "content_id"}
JOURNEY = {
    **{"channel": "channel", "campaign": "campaign_id", "content": "content_id", "segment": "segment"},
    **{"owner": "owner_id", "conversion_point": "conversion_point"},
    "channel_x_conversion_point": "channel || ' × ' || conversion_point",
}
ABSENT = {"segment": "unknown", "owner": "unassigned"}


class Plain(NamedTuple):
    """A KPI as an analyst would count it: from one fact, by one time, above and below the line."""

    fact: str
    time: str
    dimensions: dict[str, str]
    numerator: str
    denominator: str | None = None


DELIVERED = "delivered_at is not null"
OPENED = f"{DELIVERED} and (first_opened_at is not null or first_clicked_at is not null)"
KPIS = {
    "sessions": Plain("fct_sessions", "started_at", WEB, "count(*)"),
    "cvr": Plain("fct_sessions", "started_at", WEB, "count_if(is_converted)", "count(*)"),
    "lp_cvr": Plain(
        "fct_sessions", "started_at", WEB, "count_if(has_form_view and is_converted)", "count_if(has_form_view)"
    ),
    "cta_click_rate": Plain("fct_sessions", "started_at", WEB, "sum(cta_click_count)", "sum(cta_view_count)"),
    "visitors": Plain("fct_sessions", "started_at", WEB, "count(distinct visitor_id)"),
    "email_sends": Plain("fct_email_messages", "sent_at", MAIL, "count(*)"),
    "open_rate": Plain("fct_email_messages", "sent_at", MAIL, f"count_if({OPENED})", f"count_if({DELIVERED})"),
    "click_rate": Plain(
        "fct_email_messages",
        "sent_at",
        MAIL,
        f"count_if({DELIVERED} and first_clicked_at is not null)",
        f"count_if({OPENED})",
    ),
    "new_leads": Plain("fct_lead_lifecycle", "created_at", JOURNEY, "count(*)"),
    "target_ratio": Plain("fct_lead_lifecycle", "created_at", JOURNEY, "count_if(is_valid_lead)", "count(*)"),
    "mql": Plain("fct_lead_lifecycle", "mql_at", JOURNEY, "count(*)"),
    "sql_rate": Plain("fct_lead_lifecycle", "mql_at", JOURNEY, "count(sql_at)", "count(*)"),
    "meeting_rate": Plain("fct_lead_lifecycle", "mql_at", JOURNEY, "count_if(has_meeting_since_mql)", "count(*)"),
    "sal": Plain("fct_lead_lifecycle", "sal_at", JOURNEY, "count(*)"),
    "sql": Plain("fct_lead_lifecycle", "sql_at", JOURNEY, "count(*)"),
    "opportunity_rate": Plain("fct_lead_lifecycle", "sql_at", JOURNEY, "count(opportunity_at)", "count(*)"),
    "opportunities": Plain("fct_opportunities", "created_at", JOURNEY, "count(*)"),
    "win_rate": Plain("fct_opportunities", "closed_at", JOURNEY, "count_if(is_won)", "count(*)"),
    "revenue": Plain("fct_opportunities", "closed_at", JOURNEY, "sum(amount) filter (where is_won)"),
}


class Cost(NamedTuple):
    """Seconds of wall time, and how many KPIs and values were made in them."""

    seconds: float
    kpis: int
    values: int


def measure(home: Home, events: int, leads: int) -> list[str]:
    """Return the rows of a Markdown table."""
    manifest = json.loads((home.dbt_target / "manifest.json").read_text())
    models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    wanted = {
        name
        for name, node in models.items()
        if node["original_file_path"].startswith(KPI_FOLDERS) and node["config"]["materialized"] in {"table", "view"}
    }
    order = [
        name
        for name in TopologicalSorter(
            {name: node["depends_on"]["nodes"] for name, node in models.items()}
        ).static_order()
        if name in wanted
    ]
    inputs = {
        parent
        for name in wanted
        for parent in models[name]["depends_on"]["nodes"]
        if parent not in wanted and parent.startswith(("model.", "seed."))
    }
    # Plain SQL reads facts; a family's models may stand on a model of them.
    inputs |= {name for name, node in models.items() if node["alias"] in {plain.fact for plain in KPIS.values()}}
    nodes = {**models, **{name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "seed"}}
    # What dbt compiled names the database, and that is called after its file.
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/{home.warehouse.name}") as connection:
        connection.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")
        path = str(home.warehouse).replace("'", "''")
        connection.execute(f"attach '{path}' as home (read_only)")
        counts = {nodes[name]["alias"]: _repeat(connection, nodes[name], events, leads) for name in inputs}
        connection.execute("detach home")
        modelled = _modelled(connection, [models[name] for name in order], home)
        plain = _plain(connection)
        different = _differences(connection)
    if different:
        raise SystemExit(f"{different} value(s) differ between the marts and plain SQL")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        f"\n### {counts['fct_events']:,} events, {counts['fct_lead_lifecycle']:,} leads, "
        f"{counts['fct_sessions']:,} sessions, {counts['fct_email_messages']:,} mails\n",
        "| | KPIs | values | seconds |",
        "|---|---:|---:|---:|",
        f"| the models of `{TARGET}` | all {modelled.kpis} | {modelled.values:,} | {modelled.seconds:.1f} |",
        f"| plain SQL, a query a KPI, equal in every value | {plain.kpis} | {plain.values:,} | {plain.seconds:.1f} |",
        f"\nPeak memory of both: {peak:,.0f} MB.",
    ]


def _repeat(connection: duckdb.DuckDBPyConnection, node: dict[str, Any], events: int, leads: int) -> int:
    """Copy a table of the home, as often as it takes to have that many events or leads; return its rows."""
    schema, table = node["schema"], node["alias"]
    source = f'home."{schema}"."{table}"'
    times = 1
    if table in BY_EVENTS:
        times = -(-events // _count(connection, 'home."marts"."fct_events"'))
    elif table in BY_LEADS:
        times = -(-leads // _count(connection, 'home."marts"."fct_lead_lifecycle"'))
    columns = [name for name, *_ in connection.execute(f"describe {source}").fetchall()]
    replaced = [f"{name} || '-' || copy as {name}" for name in columns if name in ENTITY_IDS]
    star = f"* exclude (copy) replace ({', '.join(replaced)})" if replaced and times > 1 else "* exclude (copy)"
    connection.execute(f'create schema if not exists "{schema}"')
    connection.execute(
        f'create table "{schema}"."{table}" as select {star} from {source}, range({times}) as copies (copy)'
    )
    return _count(connection, f'"{schema}"."{table}"')


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _modelled(connection: duckdb.DuckDBPyConnection, nodes: list[dict[str, Any]], home: Home) -> Cost:
    """Run what dbt compiled, in order."""
    started = time.perf_counter()
    for node in nodes:
        sql = (home.dbt_target / "compiled" / node["package_name"] / node["original_file_path"]).read_text()
        connection.execute(f'create schema if not exists "{node["schema"]}"')
        connection.execute(f'create {node["config"]["materialized"]} "{node["schema"]}"."{node["alias"]}" as {sql}')
    return _cost(connection, time.perf_counter() - started, f"marts.{TARGET}")


def _plain(connection: duckdb.DuckDBPyConnection) -> Cost:
    """Run the plain queries."""
    started = time.perf_counter()
    for number, (kpi_id, plain) in enumerate(KPIS.items()):
        making = "create table plain as" if number == 0 else "insert into plain"
        connection.execute(f"{making} {_query(kpi_id, plain)}")
    return _cost(connection, time.perf_counter() - started, "plain")


def _cost(connection: duckdb.DuckDBPyConnection, seconds: float, table: str) -> Cost:
    [(kpis, values)] = connection.execute(f"select count(distinct kpi_id), count(*) from {table}").fetchall()
    return Cost(seconds, int(kpis), int(values))


def _query(kpi_id: str, plain: Plain) -> str:
    """Return one query for a KPI in all its periods and dimensions."""
    day = DAY.format(plain.time)
    periods = {grain: f"{grain}_on" for grain in GRAINS}
    columns = {name: f"d_{name}" for name in plain.dimensions}
    sets = [f"({period})" for period in periods.values()]
    sets += [f"({period}, {column})" for period in periods.values() for column in columns.values()]
    return f"""
        select
            '{kpi_id}' as kpi_id,
            case {" ".join(f"when grouping({period}) = 0 then '{grain}'" for grain, period in periods.items())} end
                as period_grain,
            coalesce({", ".join(periods.values())}) as period_start,
            case {" ".join(f"when grouping({column}) = 0 then '{name}'" for name, column in columns.items())}
                else 'overall' end as dimension,
            coalesce({", ".join(columns.values())}, 'all') as dimension_value,
            ({plain.numerator})::double as numerator,
            ({plain.denominator or "null"})::double as denominator
        from (
            select
                *,
                {", ".join(f"date_trunc('{grain}', {day})::date as {period}" for grain, period in periods.items())},
                {", ".join(_named(name, value) for name, value in plain.dimensions.items())}
            from marts.{plain.fact}
            where {plain.time} is not null
        )
        group by grouping sets ({", ".join(sets)})
    """


def _named(dimension: str, value: str) -> str:
    return f"coalesce({value}, '{ABSENT.get(dimension, 'unattributed')}') as d_{dimension}"


def _differences(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many values of the KPIs that both have differ; a value of nothing is no row in the marts."""
    [(different,)] = connection.execute(
        f"""
        select count(*)
        from (from marts.{TARGET} where kpi_id in (select kpi_id from plain)) as marts
        full join (from plain where numerator != 0 or denominator != 0) as plain
            using (kpi_id, period_grain, period_start, dimension, dimension_value)
        where marts.numerator is distinct from coalesce(plain.numerator, 0)
            or coalesce(marts.denominator, 0) is distinct from coalesce(plain.denominator, 0)
        """
    ).fetchall()
    return int(different)


@click.command(help=__doc__)
@click.option("--home", type=click.Path(path_type=Path, exists=True), default=Path("data"), show_default=True)
@click.option("--events", type=int, default=10_000_000, show_default=True)
@click.option("--leads", type=int, default=1_000_000, show_default=True)
def main(home: Path, events: int, leads: int) -> None:
    """Print the table in Markdown."""
    click.echo("\n".join(measure(Home(path=home.absolute()), events, leads)))


if __name__ == "__main__":
    main()

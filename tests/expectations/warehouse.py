"""Small warehouses for the gates: whole and consistent, for a test to break in one place."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from unittest.mock import patch

import duckdb
import yaml

from expectations import Gate, GateResult, check
from expectations.gate import _CHECKS
from expectations.published_marts import MARTS
from ingestion.contract import create_raw_tables
from leadmill.settings import Home

AS_OF = datetime(2026, 10, 31, 15, tzinfo=UTC)

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"


def empty_warehouse(path: Path) -> Home:
    """Return a home whose warehouse has every table that the gates look at, and no row."""
    home = Home(path=path)
    path.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        create_raw_tables(connection)
        connection.execute(
            """
            create schema ops;
            create table ops.files (
                source varchar, stream varchar, file varchar, sha256 varchar, delivered_at timestamp,
                loaded_at timestamp, rows_in bigint, rows_loaded bigint, rows_quarantined bigint,
                extract_id varchar, rows_erased bigint generated always as (0));
            create table ops.source_freshness (
                source varchar, last_delivered_at timestamp, as_of timestamp, freshness_hours double, is_late boolean);
            create table ops.schema_changes (
                source varchar, stream varchar, column_name varchar, change varchar, file varchar,
                delivered_at timestamp, detail varchar);
            create schema identity;
            create table identity.record_person (
                source_system varchar, record_type varchar, record_id varchar, person_id varchar, account_id varchar);
            create table identity.links (
                left_key varchar, right_key varchar, rule varchar, evidence varchar, first_seen_at timestamp,
                is_active boolean, refused_reason varchar);
            create table identity.browser_owners (
                source_system varchar, anonymous_id varchar, person_id varchar, valid_from timestamp,
                valid_to timestamp);
            create table identity.person_changes (
                changed_at timestamp, change_number bigint, change varchar, record_key varchar, old_person_id varchar,
                new_person_id varchar, reason varchar);
            create table identity.person_ids (person_id varchar, current_person_id varchar);
            create schema intermediate;
            create table intermediate.int_identity__listed_pairs (
                rule varchar, left_key varchar, right_key varchar, wording varchar);
            create table intermediate.int_canonical__persons (
                record_key varchar, source_system varchar, record_type varchar, record_id varchar, email varchar,
                is_exclusive boolean);
            create table intermediate.int_canonical__leads (record_id varchar, created_at timestamp);
            create table intermediate.int_canonical__events (event_id varchar, occurred_at timestamp);
            create table intermediate.int_canonical__opportunities (
                opportunity_id varchar, amount decimal(18, 2), currency varchar, created_at timestamp);
            create table intermediate.int_lifecycle__owner_spans (lead_id varchar, owner_id varchar, to_at timestamp);
            create schema staging;
            create table staging.handoff_error_kinds (error_kind varchar, grace_hours integer);
            insert into staging.handoff_error_kinds values ('mql_without_owner', 4), ('sql_without_opportunity', 168);
            create schema marts;
            """
        )
        for table in MARTS:
            connection.execute(f"create table marts.{table} ({_contracted_columns(table)})")
    return home


# As many raw rows as the ledger tells of each file; which stream they are of does not matter to the gate.
RAW_ROWS_OF_THE_LEDGER = """
    insert into raw.files__lead (lead_id, created_at, _source, _stream, _file, _row_number, _delivered_at)
    select 'l' || i, delivered_at - interval 14 hour, source, stream, file, i, delivered_at
    from ops.files, range(100) as numbers (i)
    where i < rows_loaded and file not in (select _file from raw.files__lead);
"""


def whole_warehouse(path: Path) -> Home:
    """Return a home with a night of two leads, one of them won, that every gate lets pass."""
    home = empty_warehouse(path)
    change(
        home,
        """
        insert into ops.files values
            ('crm', 'leads', '2026-10-29/Lead.jsonl', 'a', '2026-10-29 15:00', '2026-10-30', 40, 40, 0, 'x1'),
            ('crm', 'leads', '2026-10-30/Lead.jsonl', 'b', '2026-10-30 15:00', '2026-10-31', 40, 39, 1, 'x2');
        insert into ops.source_freshness values ('crm', '2026-10-30 15:00', '2026-10-31 15:00', 36, false);
        insert into intermediate.int_canonical__persons values
            ('crm|lead|1', 'crm', 'lead', '1', 'taro@example.co.jp', false),
            ('crm|lead|2', 'crm', 'lead', '2', null, false);
        insert into identity.record_person values
            ('crm', 'lead', '1', 'p1', 'a1'), ('crm', 'lead', '2', 'p2', null),
            ('web', 'anonymous_id', 'c1', 'p1', 'a1');
        insert into identity.links values
            ('crm|lead|1', 'email|taro@example.co.jp', 'email', 'email', '2026-10-01', true, null),
            ('crm|lead|1', 'web|anonymous_id|c1', 'form', 'form', '2026-10-01', true, null),
            ('crm|lead|2', 'web|anonymous_id|c1', 'form', 'form', '2026-10-01', false, 'two persons');
        insert into identity.browser_owners values ('web', 'c1', 'p1', null, null);
        insert into identity.person_ids values ('p1', 'p1'), ('p2', 'p2'), ('p0', 'p1');
        insert into identity.person_changes values
            ('2026-10-30 15:00', 1, 'created', 'crm|lead|1', null, 'p0', ''),
            ('2026-10-30 15:00', 1, 'created', 'crm|lead|2', null, 'p2', ''),
            ('2026-10-30 15:00', 1, 'created', 'crm|lead|3', null, 'p0', ''),
            ('2026-10-30 18:00', 1, 'merged', 'crm|lead|1', 'p0', 'p1', ''),
            ('2026-10-30 18:00', 1, 'erased', 'crm|lead|3', 'p0', null, '');

        insert into intermediate.int_canonical__leads values ('1', '2026-10-01'), ('2', '2026-10-02');
        insert into intermediate.int_canonical__opportunities values ('o1', 1200, 'JPY', '2026-10-05');
        insert into marts.dim_person (person_id) values ('p1'), ('p2');
        insert into marts.fct_sessions (session_id, person_id, started_at, ended_at, landing_path) values
            ('s1', 'p1', '2026-10-01', '2026-10-01', '/pricing'), ('s2', null, '2026-10-02', '2026-10-02', '/@team');
        insert into marts.fct_lead_lifecycle
            (lead_id, person_id, created_at, mql_at, sal_at, sql_at, opportunity_at, won_at, amount, currency) values
            ('l1', 'p1', '2026-10-01', '2026-10-02', '2026-10-03', '2026-10-03', '2026-10-05', '2026-10-20', 1200,
                'JPY'),
            ('l2', 'p2', '2026-10-02', null, null, null, null, null, null, null);
        insert into marts.fct_opportunities
            (opportunity_id, lead_id, stage, amount, currency, created_at, closed_at, is_won) values
            ('o1', 'l1', 'won', 1200, 'JPY', '2026-10-05', '2026-10-20', true);
        insert into marts.dim_kpi (kpi_id, aggregation, unit, is_additive)
        select kpi_id, aggregation, unit, aggregation = 'sum'
        from (values
            ('sessions', 'sum', 'count'), ('new_leads', 'sum', 'count'), ('mql', 'sum', 'count'),
            ('wins', 'sum', 'count'), ('opportunities', 'sum', 'count'), ('revenue', 'sum', 'currency'),
            ('lead_win_rate', 'ratio', 'ratio')
        ) as kpis (kpi_id, aggregation, unit);
        insert into marts.mart_kpi_values
            (kpi_id, period_grain, period_start, dimension, dimension_value, numerator, denominator, value)
        select kpi_id, period_grain, date '2026-10-01', 'overall', 'all', numerator, denominator, value
        from (values ('day'), ('week'), ('month'), ('quarter')) as grains (period_grain),
            (values
                ('sessions', 2, null, 2), ('new_leads', 2, null, 2), ('mql', 1, null, 1), ('wins', 1, null, 1),
                ('opportunities', 1, null, 1), ('revenue', 1200, null, 1200), ('lead_win_rate', 1, 2, 0.5)
            ) as kpis (kpi_id, numerator, denominator, value);
        insert into marts.mart_funnel
            (view, period_grain, period_start, dimension, dimension_value, step, step_order, entered, passed, pass_rate)
        values
            ('cohort', 'month', '2026-10-01', 'overall', 'all', 'lead', 1, 2, 1, 0.5),
            ('cohort', 'month', '2026-10-01', 'overall', 'all', 'mql', 2, 1, 1, 1.0);
        insert into marts.mart_identity_summary (measure, dimension, dimension_value, value, unit) values
            ('persons', 'records_per_person', '1', 2, 'count'),
            ('sessions_with_person', 'overall', 'all', 0.5, 'ratio');
        """
        + RAW_ROWS_OF_THE_LEDGER,
    )
    return home


def crm_only_warehouse(path: Path) -> Home:
    """Return the home of a company that has opportunities and nothing else: no web, no leads, no mails."""
    home = empty_warehouse(path)
    change(
        home,
        """
        insert into ops.files values
            ('crm', 'opportunity', 'pipeline.csv', 'a', '2026-10-31 15:00', '2026-10-31', 1, 1, 0, 'x1');
        insert into raw.files__opportunity (opportunity_id, stage, _source, _stream, _file, _row_number, _delivered_at)
            values ('o1', 'won', 'crm', 'opportunity', 'pipeline.csv', 1, '2026-10-31 15:00');
        insert into intermediate.int_canonical__opportunities values ('o1', 500, 'JPY', '2026-10-05');
        insert into marts.fct_opportunities
            (opportunity_id, stage, amount, currency, created_at, closed_at, is_won) values
            ('o1', 'won', 500, 'JPY', '2026-10-05', '2026-10-20', true);
        insert into marts.dim_kpi (kpi_id) values ('opportunities'), ('wins'), ('revenue');
        insert into marts.mart_kpi_values
            (kpi_id, period_grain, period_start, dimension, dimension_value, numerator, value)
        select kpi_id, period_grain, date '2026-10-01', 'overall', 'all', number, number
        from (values ('day'), ('week'), ('month'), ('quarter')) as grains (period_grain),
            (values ('opportunities', 1), ('wins', 1), ('revenue', 500)) as kpis (kpi_id, number);
        """,
    )
    return home


def change(home: Home, sql: str) -> None:
    """Run SQL in the warehouse of a home."""
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(sql)


def run(gate: Gate, home: Home, only: str | None = None) -> GateResult:
    """Run a gate as the nightly does, or only one of its checks: a marts gate takes seconds."""
    checks = _CHECKS[gate]
    chosen = {gate: lambda scope: [found for found in checks(scope) if only in {None, found.id}]}
    with patch.dict(_CHECKS, chosen):
        return check(
            gate,
            home,
            AS_OF,
            business_timezone="Asia/Tokyo",
            reporting_currency="JPY",
            progress=lambda _: None,
        )


@cache
def _contracted_columns(table: str) -> str:
    """Return the columns and types that dbt's contract of a mart names, as SQL."""
    [file] = MODELS.rglob(f"{table}.yml")
    [model] = yaml.safe_load(file.read_text("utf-8"))["models"]
    return ", ".join(f'"{column["name"]}" {column["data_type"]}' for column in model["columns"])

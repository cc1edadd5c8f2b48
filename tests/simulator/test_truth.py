"""The truth is consistent in itself, and its rates lie in the bands that the business knows."""

import json
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

DEFINED = {
    *("sessions", "visitors", "cvr", "lp_cvr", "form_completion_rate", "cta_views", "cta_click_rate"),
    *("median_dwell_seconds", "average_scroll_percent", "downloads", "download_meeting_rate"),
    *("new_leads", "valid_leads", "target_ratio", "leads_imported", "forms_made", "contents_made", "mail_broadcasts"),
    *("email_list_size", "email_sends", "delivery_rate", "open_rate", "click_rate", "unsubscribe_rate"),
    *("email_conversions", "email_conversion_rate", "step_mail_enrolments", "step_mail_completion_rate"),
    *("call_list_size", "calls", "connects", "connect_rate", "talk_minutes", "call_meetings"),
    *("seminar_registrations", "attendance_rate", "survey_response_rate", "promising_answers", "seminar_meetings"),
    *("mql", "sal", "sql", "sql_rate", "meetings", "meeting_rate", "opportunities", "opportunity_rate", "win_rate"),
    *("lead_win_rate", "wins", "revenue", "average_order_value", "median_sales_cycle_days", "total_cost", "cost"),
    *("cpa", "cost_per_mql", "cost_per_sql", "cac", "cac_reduction", "payback_months", "roi"),
    *("median_form_to_sal_minutes", "median_mql_to_sql_minutes"),
}
# Rolled up by both channel and campaign, and adding up: no counts of different ones, medians, changes.
ADDITIVE = {
    *("sessions", "cvr", "lp_cvr", "cta_click_rate", "email_sends", "open_rate", "new_leads", "mql", "sql_rate"),
    *("opportunities", "win_rate", "revenue", "cost", "cpa", "cac", "roi"),
}


@pytest.fixture(scope="session")
def truth(company: Path) -> duckdb.DuckDBPyConnection:
    """The truth's tables as views."""
    connection = duckdb.connect()
    for path in (company / "truth").glob("*.parquet"):
        connection.execute(f"create view {path.stem} as from '{path}'")
    return connection


def _value(truth: duckdb.DuckDBPyConnection, sql: str) -> float:
    return float(truth.execute(sql).fetchall()[0][0])


def test_every_kpi_has_values(truth: duckdb.DuckDBPyConnection) -> None:
    found = {row[0] for row in truth.execute("select distinct kpi_id from kpi_values where value > 0").fetchall()}

    assert found == DEFINED


@pytest.mark.parametrize(
    ("kpi_id", "low", "high"),
    [
        ("open_rate", 0.15, 0.25),
        ("click_rate", 0.05, 0.10),
        ("cvr", 0.01, 0.03),
        ("delivery_rate", 0.95, 0.995),
        ("unsubscribe_rate", 0.0005, 0.005),
        ("meeting_rate", 0.10, 0.30),
        ("sql_rate", 0.14, 0.35),
        ("win_rate", 0.20, 0.45),
    ],
)
def test_rates_lie_in_their_bands(truth: duckdb.DuckDBPyConnection, kpi_id: str, low: float, high: float) -> None:
    rate = _value(
        truth,
        f"""
        select sum(numerator) / sum(denominator) from kpi_values
        where kpi_id = '{kpi_id}' and period_grain = 'month' and dimension = 'overall'
        """,
    )

    assert low <= rate <= high


def test_volumes_are_those_of_scale_one(truth: duckdb.DuckDBPyConnection, company: Path) -> None:
    hits = _value(truth, f"select count(*) from '{company}/exports/ga4/2026-10-28/*.parquet'")
    minutes = _value(
        truth, "select median(epoch(sal_at) - epoch(created_at)) / 60 from journeys where sal_at is not null"
    )

    assert 90_000 <= hits <= 130_000
    assert 60 <= minutes <= 180
    assert 2_000 <= _value(truth, "select count(*) from people where kind not in ('visitor', 'bot')") <= 5_000


def test_each_stage_holds_the_next_and_stands_before_it(truth: duckdb.DuckDBPyConnection) -> None:
    stages = ["created_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "won_at"]
    for lower, upper in pairwise(stages):
        wrong = f"select count(*) from journeys where {upper} is not null and ({lower} is null or {lower} > {upper})"
        assert _value(truth, wrong) == 0


def test_channels_and_campaigns_add_up_to_the_whole(truth: duckdb.DuckDBPyConnection) -> None:
    differing = truth.execute(
        """
        select kpi_id, period_grain, period_start
        from (
            select kpi_id, period_grain, period_start, dimension, sum(numerator) as numerator
            from kpi_values
            where kpi_id in $additive and dimension in ('overall', 'channel', 'campaign')
            group by all
        )
        group by all
        having count(*) <> 3 or min(numerator) <> max(numerator)
        """,
        {"additive": sorted(ADDITIVE)},
    ).fetchall()

    assert not differing


def test_planted_effects_are_in_the_mails(truth: duckdb.DuckDBPyConnection, company: Path) -> None:
    """The A/B test of subjects, and sending in the evening, change open rates about as much as they should."""
    truth.execute("create temp table wanted as select effect_id, factor, started_on from effects")
    started_on = truth.execute("select started_on from wanted where effect_id = 'subject_test'").fetchall()[0][0]
    names = truth.execute(
        f"""
        select distinct 'hubspot:' || mail.primaryEmailCampaignId as content_id, mail.name[-3:] as variant
        from (
            select unnest(results) as mail
            from read_json('{company}/exports/hubspot/*/marketing_emails.jsonl', format = 'newline_delimited')
        )
        where mail.isAb
        """
    ).df()
    truth.register("variants", names)
    rates = dict(
        truth.execute(
            """
            select variant, avg((coalesce(first_opened_at, first_clicked_at) is not null)::int)
            from messages inner join variants using (content_id)
            where bounced_at is null
            group by variant
            """
        ).fetchall()
    )

    assert started_on == date(2026, 5, 2)
    assert 1.1 < rates["[B]"] / rates["[A]"] < 1.4


def test_handoff_errors_are_of_every_kind(truth: duckdb.DuckDBPyConnection) -> None:
    kinds = {row[0] for row in truth.execute("select distinct error_kind from handoff_errors").fetchall()}

    assert kinds == {
        *("mql_without_owner", "sal_without_touch", "sql_without_opportunity", "opportunity_without_lead"),
        "wrong_owner",
    }


def test_each_record_is_one_persons(truth: duckdb.DuckDBPyConnection) -> None:
    assert _value(truth, "select count(*) - count(distinct (source_system, record_type, record_id)) from records") == 0
    assert _value(truth, "select count(*) from records anti join people using (person_key) where person_key > 0") == 0
    assert _value(truth, "select count(*) from people where is_bot") > 0
    assert _value(truth, "select count(*) from records where person_key is null and is_knowable") == 0


def test_times_lie_within_the_year(truth: duckdb.DuckDBPyConnection) -> None:
    for column in ("created_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "won_at", "lost_at", "meeting_at"):
        assert _value(truth, f"select count(*) from journeys where {column} >= timestamp '2026-10-31 15:00:00'") == 0


def test_every_kind_of_mess_is_there_and_counted(truth: duckdb.DuckDBPyConnection, company: Path) -> None:
    kinds = dict(truth.execute("select kind, sum(rows)::bigint from mess group by kind").fetchall())

    assert all(count > 0 for count in kinds.values()), kinds
    assert {
        "cut_line",
        "text_in_date",
        "text_in_number",
        "missing_required",
        "wrong_column_count",
        "invalid_bytes",
    } <= {*kinds}


def test_cut_lines_stand_where_the_truth_says(truth: duckdb.DuckDBPyConnection, company: Path) -> None:
    cut: Counter[str] = Counter()
    for path in (company / "exports").rglob("*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            try:
                json.loads(line)
            except json.JSONDecodeError:
                cut[path.relative_to(company / "exports").as_posix()] += 1

    told = truth.execute("select file, rows from mess where kind = 'cut_line'").fetchall()

    assert dict(cut) == dict(told)

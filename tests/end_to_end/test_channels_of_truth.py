"""Sessions, step mails, calls, call lists and seminars against the sample company's ground truth, row by row."""

from pathlib import Path

import duckdb
import pytest

from leadmill.settings import Home
from tests.nights import Company


@pytest.fixture(scope="module")
def both(company: Company, once: Path) -> duckdb.DuckDBPyConnection:
    """The published marts, and the truth's tables in a schema of their own."""
    connection = duckdb.connect()
    connection.execute(f"attach '{Home(path=once).published}/current/marts.duckdb' as published (read_only)")
    connection.execute("create schema truth")
    for path in (company.folder / "truth").glob("*.parquet"):
        connection.execute(f"create view truth.{path.stem} as from '{path}'")
    return connection


def _differing(both: duckdb.DuckDBPyConnection, published: str, true: str) -> list[tuple[object, ...]]:
    """Return rows that one query gives oftener than the other."""
    rows: list[tuple[object, ...]] = both.execute(
        f"(({published}) except all ({true})) union all (({true}) except all ({published})) limit 5"
    ).fetchall()
    return rows


def test_sessions_are_the_true_ones(both: duckdb.DuckDBPyConnection) -> None:
    columns = """
        started_at, ended_at, event_count, page_view_count, landing_path, dwell_seconds, max_scroll_percent,
        cta_view_count, cta_click_count, has_form_view, has_form_start, is_converted, channel
    """

    assert not _differing(
        both, f"select {columns} from published.marts.fct_sessions", f"select {columns} from truth.sessions"
    )
    shares = both.execute(
        """
        select avg((cta_view_count > 0)::int), avg((cta_click_count > 0)::int), avg(has_form_start::int)
        from published.marts.fct_sessions
        """
    ).fetchall()[0]
    assert all(share > 0.01 for share in shares)


def test_calls_are_the_true_ones(both: duckdb.DuckDBPyConnection) -> None:
    assert not _differing(
        both,
        """
        select occurred_at, owner_id, coalesce(campaign_id, 'unattributed'), is_connected, is_meeting_agreed
        from published.marts.fct_calls
        """,
        "select called_at, owner_id, campaign_id, is_connected, is_meeting_agreed from truth.calls",
    )


def test_call_lists_are_the_true_ones(both: duckdb.DuckDBPyConnection) -> None:
    assert not _differing(
        both,
        "select campaign_id, listed_at from published.marts.fct_call_list_members",
        "select campaign_id, listed_at from truth.call_list_members",
    )


def test_seminars_are_the_true_ones(both: duckdb.DuckDBPyConnection) -> None:
    """Nobody can tell which of the colleagues behind a role mailbox came: counts per seminar, not persons."""
    columns = """
        content_id, count(*), count(*) filter (where is_attended), count(*) filter (where is_survey_answered),
        count(*) filter (where is_promising)
    """

    assert not _differing(
        both,
        f"select {columns} from published.marts.fct_seminar_attendance group by content_id",
        f"select {columns} from truth.attendance group by content_id",
    )


def test_step_mails_are_the_true_ones(both: duckdb.DuckDBPyConnection) -> None:
    assert not _differing(
        both,
        "select enrolled_at, completed_at, unenrolled_at from published.marts.fct_step_mail_enrolments",
        "select enrolled_at, completed_at, unenrolled_at from truth.enrolments",
    )


def test_planted_handoff_errors_stand_in_the_facts(both: duckdb.DuckDBPyConnection) -> None:
    """What was entered wrongly can be seen in the journeys: no owner, no opportunity, no lead."""
    without_lead = both.execute(
        "select count(*) from published.marts.fct_opportunities where lead_id is null"
    ).fetchall()
    without_opportunity = both.execute(
        "select count(*) from published.marts.fct_lead_lifecycle where sql_at is not null and opportunity_at is null"
    ).fetchall()
    planted = dict(both.execute("select error_kind, count(*) from truth.handoff_errors group by all").fetchall())

    assert without_lead == [(planted["opportunity_without_lead"],)]
    assert without_opportunity == [(planted["sql_without_opportunity"],)]

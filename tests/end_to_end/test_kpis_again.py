"""Every KPI, grain and dimension once more: pandas on the published facts, apart from the models."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from tests.end_to_end.second_computation import (
    CALL,
    DOWNLOAD,
    EMAIL,
    GRAINS,
    JOURNEY,
    SEMINAR,
    SPENT,
    STEP_MAIL,
    WEB,
    Again,
    Facts,
    Part,
    distinct_of,
    fall_of,
    median_of,
    part,
    ratio_of,
    sum_of,
)
from tests.nights import query_warehouse

KEY = ["kpi_id", "dimension", "period_start", "dimension_value"]
COLUMNS = ["numerator", "denominator", "value"]
GROSS_MARGIN, CONTRACT_MONTHS = 0.6, 24  # as the seed business_assumptions is shipped


def every_kpi(facts: Facts, imported: pd.DataFrame) -> dict[str, Again]:
    """Return each KPI's second computation."""
    sessions, mails, journeys, deals = facts.sessions, facts.mails, facts.journeys, facts.opportunities

    def web(where: pd.Series | None = None, amount: pd.Series | str | float = 1) -> Part:
        return part(sessions, "started_at", WEB, where, amount)

    def mail(where: pd.Series | None = None, amount: pd.Series | str | float = 1) -> Part:
        return part(mails, "sent_at", EMAIL, where, amount)

    def journey(time: str, where: pd.Series | None = None, amount: pd.Series | str | float = 1) -> Part:
        return part(journeys, time, JOURNEY, where, amount)

    def closed(where: pd.Series | None = None, amount: pd.Series | str | float = 1) -> Part:
        return part(deals, "closed_at", JOURNEY, where, amount)

    def seminar(time: str, where: pd.Series | None = None) -> Part:
        started = facts.seminars["has_started"]
        return part(facts.seminars, time, SEMINAR, started if where is None else started & where)

    def cost(where: pd.Series | None = None) -> Part:
        return part(facts.costs, "occurred_on", SPENT, where, "amount")

    def call(where: pd.Series | None = None, amount: pd.Series | str | float = 1) -> Part:
        return part(facts.calls, "occurred_at", CALL, where, amount)

    def minutes(frame: pd.DataFrame, earlier: str, later: str) -> pd.Series:
        return (frame[later] - frame[earlier]).dt.total_seconds() / 60

    def both(one: Part, other: Part) -> Part:
        shared = tuple(dimension for dimension in one.dimensions if dimension in other.dimensions)
        columns = ["amount", *GRAINS, *shared]
        rows = pd.concat([one.rows[columns].astype({name: str for name in shared}), other.rows[columns]])
        return Part(rows.astype({name: str for name in shared}), shared)

    delivered, is_won = mails["delivered_at"].notna(), deals["is_won"]
    clicked = delivered & mails["first_clicked_at"].notna()
    opened = delivered & (mails["first_opened_at"].notna() | mails["first_clicked_at"].notna())
    attended, connected = facts.seminars["is_attended"], facts.calls["is_connected"]
    won, all_costs, acquisition = closed(is_won, "amount"), cost(), cost(facts.costs["is_acquisition"])
    negative = Part(all_costs.rows.assign(amount=-all_costs.rows["amount"]), all_costs.dimensions)
    profit = Part(won.rows.assign(amount=won.rows["amount"] * GROSS_MARGIN / CONTRACT_MONTHS), won.dimensions)
    downloads = facts.downloads
    made = facts.contents[facts.contents["created_at"] < pd.Timestamp(facts.as_of)]

    sums = {
        "sessions": web(),
        "cta_views": web(amount="cta_view_count"),
        "downloads": part(downloads, "occurred_at", DOWNLOAD),
        "new_leads": journey("created_at"),
        "valid_leads": journey("created_at", journeys["is_valid_lead"]),
        "email_sends": mail(),
        "email_conversions": mail(mails["is_converted"]),
        "step_mail_enrolments": part(facts.enrolments, "enrolled_at", STEP_MAIL),
        "seminar_registrations": part(facts.seminars, "registered_at", SEMINAR),
        "promising_answers": seminar("seminar_started_at", facts.seminars["is_promising"]),
        "seminar_meetings": seminar("seminar_started_at", attended & facts.seminars["has_meeting"]),
        "reactivated_leads": part(facts.reactivations, "entered_at", JOURNEY),
        "hot_leads": journey("hot_at"),
        "mql": journey("mql_at"),
        "sal": journey("sal_at"),
        "sql": journey("sql_at"),
        "meetings": journey("meeting_at"),
        "call_list_size": part(facts.listed, "listed_at", {"campaign": "campaign_id"}),
        "calls": call(),
        "connects": call(connected),
        "talk_minutes": call(connected, facts.calls["duration_seconds"].astype(float).fillna(0) / 60),
        "call_meetings": call(facts.calls["is_meeting_agreed"]),
        "opportunities": part(deals, "created_at", JOURNEY),
        "wins": closed(is_won),
        "revenue": won,
        "cost": acquisition,
        "total_cost": all_costs,
        "leads_imported": part(imported, "created_at", SPENT),
        "mail_broadcasts": mail(mails["is_broadcast"]),
        "forms_made": part(made, "created_at", {}, made["content_type"] == "form"),
        "contents_made": part(made, "created_at", {}, made["content_type"] != "email"),
    }
    started = seminar("registered_at")
    ratios = {
        "average_scroll_percent": (web(amount="max_scroll_percent"), web(sessions["max_scroll_percent"].notna())),
        "cta_click_rate": (web(amount="cta_click_count"), sums["cta_views"]),
        "lp_cvr": (web(sessions["has_form_view"] & sessions["is_converted"]), web(sessions["has_form_view"])),
        "form_completion_rate": (
            web(sessions["has_form_start"] & sessions["is_converted"]),
            web(sessions["has_form_start"]),
        ),
        "cvr": (web(sessions["is_converted"]), sums["sessions"]),
        "target_ratio": (sums["valid_leads"], sums["new_leads"]),
        "delivery_rate": (mail(mails["bounced_at"].isna()), sums["email_sends"]),
        "open_rate": (mail(opened), mail(delivered)),
        "click_rate": (mail(clicked), mail(opened)),
        "unsubscribe_rate": (mail(delivered & mails["unsubscribed_at"].notna()), mail(delivered)),
        "email_conversion_rate": (sums["email_conversions"], mail(delivered)),
        "step_mail_completion_rate": (
            part(facts.enrolments, "enrolled_at", STEP_MAIL, facts.enrolments["completed_at"].notna()),
            sums["step_mail_enrolments"],
        ),
        "attendance_rate": (seminar("registered_at", attended), started),
        "survey_response_rate": (
            seminar("seminar_started_at", attended & facts.seminars["is_survey_answered"].fillna(False)),
            seminar("seminar_started_at", attended),
        ),
        "connect_rate": (sums["connects"], sums["calls"]),
        "meeting_rate": (journey("mql_at", journeys["has_meeting_since_mql"]), sums["mql"]),
        "download_meeting_rate": (
            part(downloads, "occurred_at", DOWNLOAD, downloads["has_meeting"]),
            sums["downloads"],
        ),
        "sql_rate": (journey("mql_at", journeys["sql_at"].notna()), sums["mql"]),
        "opportunity_rate": (journey("sql_at", journeys["opportunity_at"].notna()), sums["sql"]),
        "win_rate": (sums["wins"], closed()),
        "lead_win_rate": (journey("created_at", journeys["won_at"].notna()), sums["new_leads"]),
        "average_order_value": (won, sums["wins"]),
        "cpa": (acquisition, sums["new_leads"]),
        "cost_per_mql": (acquisition, sums["mql"]),
        "cost_per_sql": (acquisition, sums["sql"]),
        "cac": (all_costs, sums["wins"]),
        "payback_months": (all_costs, profit),
        "roi": (both(won, negative), all_costs),
    }
    medians = {
        "median_dwell_seconds": web(amount="dwell_seconds"),
        "median_form_to_sal_minutes": journey(
            "created_at", journeys["sal_at"].notna(), minutes(journeys, "created_at", "sal_at")
        ),
        "median_mql_to_sql_minutes": journey(
            "mql_at", journeys["sql_at"].notna(), minutes(journeys, "mql_at", "sql_at")
        ),
        "median_sales_cycle_days": closed(
            is_won & deals["created_at"].notna(), minutes(deals, "created_at", "closed_at") / 1440
        ),
    }
    members = {
        "visitors": web(amount="visitor_id"),
        "email_list_size": mail(mails["person_id"].notna(), "person_id"),
    }
    return {
        **{name: Again(sum_of(counted), counted.dimensions) for name, counted in sums.items()},
        **{name: Again(ratio_of(*parts), _shared(*parts)) for name, parts in ratios.items()},
        **{name: Again(median_of(observed), observed.dimensions) for name, observed in medians.items()},
        **{name: Again(distinct_of(observed), observed.dimensions) for name, observed in members.items()},
        "cac_reduction": Again(fall_of(all_costs, sums["wins"]), _shared(all_costs, sums["wins"])),
    }


def _shared(one: Part, other: Part) -> tuple[str, ...]:
    return tuple(dimension for dimension in one.dimensions if dimension in other.dimensions)


class Compared(NamedTuple):
    """Both computations: the mart's rows and the second ones."""

    values: pd.DataFrame
    again: dict[str, Again]


@pytest.fixture(scope="module")
def compared(once: Path) -> Compared:
    return both_computations(once)


def both_computations(home: Path) -> Compared:
    imported = pd.DataFrame(
        query_warehouse(
            home,
            "select created_at, channel, campaign_id from intermediate.int_lifecycle__lead_records "
            "where lead_kind = 'file'",
        ),
        columns=["created_at", "channel", "campaign_id"],
    )
    facts = Facts(home)
    return Compared(facts.values, every_kpi(facts, imported))


def test_every_kpi_is_computed_again_by_the_same_dimensions(compared: Compared, once: Path) -> None:
    told = {
        kpi_id: set(dimensions.split(", "))
        for kpi_id, dimensions in query_warehouse(once, "select kpi_id, dimensions from marts.dim_kpi")
    }

    assert told == {kpi_id: set(again.dimensions) for kpi_id, again in compared.again.items()}


@pytest.mark.parametrize("grain", GRAINS)
def test_every_value_is_the_same(compared: Compared, grain: str) -> None:
    told = compared.values[compared.values["period_grain"] == grain].set_index(KEY)[COLUMNS]
    expected = pd.concat(
        {
            (kpi_id, dimension): again.computed(grain, dimension).astype(float)
            for kpi_id, again in compared.again.items()
            for dimension in again.dimensions
        },
        names=KEY,
    )

    missing = told.index.symmetric_difference(expected.index)
    again = expected.reindex(told.index)
    same = np.isclose(told.to_numpy(), again.to_numpy(), rtol=1e-6, atol=1e-6, equal_nan=True).all(axis=1)

    assert not len(missing), f"{len(missing)} rows on one side only, as {missing[:3].tolist()}"
    assert same.all(), told[~same].join(again, rsuffix="_again").head().to_string()

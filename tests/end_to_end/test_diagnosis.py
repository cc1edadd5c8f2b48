"""E-mail groups, quality flags, causes, effects and guard rails once more: pandas and scipy on the published facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, chi2_contingency

import serving
from leadmill.settings import Home
from tests.end_to_end.second_computation import Facts

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
OUTCOMES = ["mails", "not_bounced", "delivered", "opened", "clicked", "unsubscribed", "converted"]
GRAINS = {"month": "M", "quarter": "Q"}
SETTLED = pd.Timedelta(days=30)


@pytest.fixture(scope="module")
def facts(once: Path) -> Facts:
    return Facts(once)


@pytest.fixture(scope="module")
def marts(once: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with serving.open_marts(Home(path=once)) as connection:
        yield connection


def local(times: pd.Series) -> pd.Series:
    """Return what the clock on the wall in Tokyo shows."""
    return times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo").dt.tz_localize(None)


def starts(times: pd.Series, grain: str) -> pd.Series:
    return local(times).dt.to_period(GRAINS[grain]).dt.start_time


def wilson(successes: float, trials: float) -> tuple[float, float]:
    interval = binomtest(int(successes), int(trials)).proportion_ci(method="wilson")
    return interval.low, interval.high


def newcombe(successes: int, trials: int, others: int, other_trials: int) -> tuple[float, float, float]:
    """Return the difference of two shares with Newcombe's hybrid score interval."""
    one, other = successes / trials, others / other_trials
    (low, high), (other_low, other_high) = wilson(successes, trials), wilson(others, other_trials)
    return (
        one - other,
        one - other - np.hypot(one - low, other_high - other),
        one - other + np.hypot(high - one, other - other_low),
    )


@pytest.fixture(scope="module")
def mails(facts: Facts, marts: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return every mail with its outcomes and groups."""
    seen = marts.sql("select person_id, first_seen_at from marts.dim_person").df()
    industries = marts.sql("select account_id, industry from marts.dim_account").df()
    found = facts.mails.merge(seen, how="left", on="person_id").merge(industries, how="left", on="account_id")
    delivered = found["delivered_at"].notna()
    wall = local(found["sent_at"])
    # Age counts midnights (UTC) passed, as a list counts its days.
    days = (found["sent_at"].dt.normalize() - found["first_seen_at"].dt.normalize()).dt.days.clip(lower=0)
    bands = pd.read_csv(SEEDS / "list_age_bands.csv")
    age = pd.cut(days, [-1, *bands["to_days"]], labels=bands["band"]).astype(object)
    weekday, hour = (wall.dt.day_of_week + 1).astype(str), wall.dt.hour.map("{:02d}".format)
    return pd.DataFrame(
        {
            "sent_at": found["sent_at"],
            "subject": found["subject"],
            "mails": True,
            "not_bounced": found["bounced_at"].isna(),
            "delivered": delivered,
            "opened": delivered & (found["first_opened_at"].notna() | found["first_clicked_at"].notna()),
            "clicked": delivered & found["first_clicked_at"].notna(),
            "unsubscribed": delivered & found["unsubscribed_at"].notna(),
            "converted": found["is_converted"],
            "by_overall": "all",
            "by_campaign": found["campaign_id"].fillna("unattributed"),
            "by_content": found["content_id"].fillna("unattributed"),
            "by_sender": found["sender_name"].fillna("unknown"),
            "by_list": found["list_id"].fillna("unknown"),
            "by_list_age": age.fillna("unknown"),
            "by_weekday": weekday,
            "by_hour": hour,
            "by_weekday_x_hour": weekday + " × " + hour,
            "by_segment": found["industry"].fillna("unknown"),
        }
    )


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_mails_are_grouped_as_pandas_does(mails: pd.DataFrame, marts: duckdb.DuckDBPyConnection, grain: str) -> None:
    dated = mails.assign(period_start=starts(mails["sent_at"], grain))
    traits = pd.read_csv(SEEDS / "subject_traits.csv")
    parts = [
        dated.rename(columns={column: "dimension_value"})
        .groupby(["period_start", "dimension_value"])[OUTCOMES]
        .sum()
        .reset_index()
        .assign(dimension=column.removeprefix("by_"))
        for column in dated
        if column.startswith("by_")
    ]
    for trait, pattern in zip(traits["trait_id"], traits["pattern"], strict=True):
        # Python wants flags in front.
        matcher = re.compile(pattern.replace("(?i)", ""), re.IGNORECASE if "(?i)" in pattern else 0)
        having = dated[dated["subject"].map(lambda subject, m=matcher: bool(m.search(subject or "")))]
        counts = having.groupby("period_start")[OUTCOMES].sum().reset_index()
        parts.append(counts.assign(dimension="subject_trait", dimension_value=trait))
    expected = pd.concat(parts).set_index(["dimension", "dimension_value", "period_start"])[OUTCOMES].sort_index()

    found = marts.execute(
        f"select * from marts.mart_email_performance where period_grain = '{grain}' and dimension <> 'link'"
    ).df()

    told = found.assign(period_start=pd.to_datetime(found["period_start"]))
    told = told.set_index(["dimension", "dimension_value", "period_start"])[OUTCOMES].sort_index()
    pd.testing.assert_frame_equal(told, expected, check_dtype=False, check_index_type=False)


def test_mails_rates_lie_in_their_intervals(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.sql("from marts.mart_email_performance where period_grain = 'all' and dimension = 'sender'").df()

    for row in rows.itertuples():
        assert row.open_rate == pytest.approx(row.opened / row.delivered)
        assert (row.open_rate_low, row.open_rate_high) == pytest.approx(wilson(row.opened, row.delivered))
        assert (row.click_rate_low, row.click_rate_high) == pytest.approx(wilson(row.clicked, row.opened))
    links = marts.sql(
        "select sum(mails) filter (dimension = 'link'), sum(mails) filter (dimension = 'overall') "
        "from marts.mart_email_performance where period_grain = 'all'"
    ).fetchall()[0]
    assert links[0] == links[1]


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_quality_flags_are_those_of_pandas(facts: Facts, marts: duckdb.DuckDBPyConnection, grain: str) -> None:
    mqls = facts.journeys[facts.journeys["mql_at"].notna()]
    mqls = mqls.assign(
        period_start=starts(mqls["mql_at"], grain), mql=1, sql_reached=mqls["sql_at"].notna().astype(int)
    )
    company = mqls.groupby("period_start")[["mql", "sql_reached"]].sum()
    past = company.rolling(3, min_periods=1).sum().shift()
    targets = facts.values[(facts.values["dimension"] == "overall") & (facts.values["period_grain"] == grain)]
    targets = targets.assign(period_start=pd.to_datetime(targets["period_start"])).set_index("period_start")
    mql_target = targets[targets["kpi_id"] == "mql"]["target"].reindex(company.index)
    rates = targets[targets["kpi_id"] == "sql_rate"].reindex(company.index)
    reference = np.fmax(past["sql_reached"] / past["mql"], rates["benchmark_low"])
    reference = rates["target"].fillna(reference).round(6)
    flagged = (company["mql"] >= mql_target.fillna(company["mql"].shift())) & (
        company["sql_reached"] < company["mql"] * reference
    )

    found = marts.execute(f"from marts.mart_quality_flags where period_grain = '{grain}'").df()

    found["period_start"] = pd.to_datetime(found["period_start"])
    assert len(found) > 10
    for dimension in ("channel", "campaign", "content", "conversion_point"):
        column = {"campaign": "campaign_id", "content": "content_id"}.get(dimension, dimension)
        values = mqls[column].fillna("unattributed")
        counts = mqls.groupby(["period_start", values])[["mql", "sql_reached"]].sum()
        told = found[found["dimension"] == dimension].set_index(["period_start", "dimension_value"]).sort_index()
        assert told[["mql", "sql_reached"]].to_numpy().tolist() == counts.sort_index().to_numpy().tolist()
        shortfall = counts["mql"] * reference.reindex(counts.index, level=0) - counts["sql_reached"]
        np.testing.assert_allclose(
            told["sql_shortfall"].astype(float).to_numpy(), shortfall.sort_index().to_numpy(), atol=1e-5
        )
    overall = found[found["dimension"] == "overall"].set_index("period_start").sort_index()
    assert overall["is_flagged"].tolist() == flagged.tolist()
    ends = overall.index.to_period(GRAINS[grain]).end_time.normalize() + pd.Timedelta(days=1)
    as_of_day = local(pd.Series([pd.Timestamp(facts.as_of)]))[0].normalize()
    assert overall["is_settled"].tolist() == (ends + SETTLED <= as_of_day).tolist()


def test_evidence_of_rates_is_that_of_scipy(marts: duckdb.DuckDBPyConnection) -> None:
    directions = dict(marts.sql("select kpi_id, direction from marts.dim_kpi").fetchall())
    rows = marts.sql(
        "from marts.mart_diagnosis_evidence where compared_with = 'rest' and compared_trials > 0 "
        "order by md5(kpi_id || dimension || dimension_value || period_start) limit 400"
    ).df()

    for row in rows.itertuples():
        successes, others = round(row.value * row.trials), round(row.compared_value * row.compared_trials)
        gain, low, high = newcombe(others, row.compared_trials, successes, row.trials)
        if directions[row.kpi_id] == "down" and row.kpi_id != "median_form_to_sal_minutes":
            gain, low, high = -gain, -high, -low
        table = [[successes, row.trials - successes], [others, row.compared_trials - others]]
        assert (row.gain, row.gain_low, row.gain_high) == pytest.approx(
            (gain * row.trials, low * row.trials, high * row.trials), abs=1e-6
        )
        if 0 < successes + others < row.trials + row.compared_trials:
            assert row.p_value == pytest.approx(chi2_contingency(table, correction=False).pvalue, abs=1e-9)


def test_journeys_are_grouped_as_pandas_does(facts: Facts, marts: duckdb.DuckDBPyConnection) -> None:
    journeys = facts.journeys[facts.journeys["mql_at"].notna()].copy()
    decided = journeys["meeting_at"].fillna(pd.Timestamp(facts.as_of))
    scored, behaved = journeys["hot_by_score_at"] <= decided, journeys["hot_by_behaviour_at"] <= decided
    minutes = (journeys["first_touch_at"] - journeys["mql_at"]).dt.total_seconds() / 60
    journeys["hot_lead"] = np.select(
        [scored & behaved, scored, behaved], ["score and behaviour", "score", "behaviour"], "not hot"
    )
    journeys["first_response"] = np.select(
        [minutes.isna(), minutes <= 120, minutes <= 1440], ["never", "within 2 hours", "within 24 hours"], "later"
    )
    journeys["target_fit"] = np.select(
        [journeys["is_valid_lead"], journeys["account_id"].isna()], ["target", "unknown account"], "not a target"
    )
    journeys["period_start"] = starts(journeys["mql_at"], "month")

    for dimension in ("hot_lead", "first_response", "target_fit"):
        counts = journeys.groupby(["period_start", dimension])["has_meeting_since_mql"].agg(["mean", "size"])
        found = marts.execute(
            "select period_start, dimension_value, value, trials from marts.mart_diagnosis_evidence "
            "where kpi_id = 'meeting_rate' and period_grain = 'month' and dimension = $dimension "
            "order by period_start, dimension_value",
            {"dimension": dimension},
        ).df()
        assert found["trials"].tolist() == counts["size"].tolist()
        np.testing.assert_allclose(found["value"], counts["mean"])


def test_causes_are_ranked_by_evidence_and_their_queries_run(marts: duckdb.DuckDBPyConnection) -> None:
    causes = marts.sql("from marts.mart_diagnosis order by kpi_id, period_grain, period_start, cause_rank").df()

    assert len(causes) > 0
    for _, group in causes.groupby(["kpi_id", "period_grain", "period_start"]):
        order = list(zip(~group["is_conclusive"], -group["gain"].fillna(0).astype(float), strict=True))
        assert order == sorted(order)
    for row in causes.itertuples():
        groups = marts.execute(row.evidence_query).df()
        worse = groups[groups["gain"] > 0]
        assert (row.worst_value in worse["dimension_value"].tolist()) if len(worse) else pd.isna(row.worst_value)


def test_every_miss_is_diagnosed(marts: duckdb.DuckDBPyConnection) -> None:
    causes = pd.read_csv(SEEDS / "diagnosis_causes.csv")
    values = marts.sql(
        "select v.*, direction from marts.mart_kpi_values v join marts.dim_kpi using (kpi_id) "
        "where dimension = 'overall' and period_grain in ('month', 'quarter') and aggregation <> 'sum'"
    ).df()
    up = values["direction"] == "up"
    missed = values[
        values["kpi_id"].isin(causes["kpi_id"])
        & values["target"].isna()
        & ((up & (values["value"] < values["benchmark_low"])) | (~up & (values["value"] > values["benchmark_high"])))
    ]

    told = marts.sql(
        "select distinct kpi_id, period_grain, period_start from marts.mart_diagnosis "
        "join marts.dim_kpi using (kpi_id) where missed_reference = 'benchmark' and aggregation <> 'sum'"
    ).df()

    key = ["kpi_id", "period_grain", "period_start"]
    assert set(told[key].itertuples(index=False)) == set(missed[key].itertuples(index=False))


def test_guard_rails_are_sums_over_the_same_days(facts: Facts, marts: duckdb.DuckDBPyConnection) -> None:
    wins = facts.opportunities[facts.opportunities["is_won"].astype(bool) & facts.opportunities["closed_at"].notna()]
    wins = wins.assign(period_start=starts(wins["closed_at"], "quarter"))
    hours = facts.costs[facts.costs["cost_type"] == "sales_hours"]
    hours = hours.groupby(pd.to_datetime(hours["occurred_on"]).dt.to_period("Q").dt.start_time)["amount"].sum()
    orders = wins.groupby("period_start")["amount"].agg(["mean", "size"])

    found = marts.sql("from marts.mart_guard_rails where subject_kind = 'kpi' and period_grain = 'quarter'").df()

    found["period_start"] = pd.to_datetime(found["period_start"])
    assert set(found["guard_id"]) == {"average_order_value", "payback_months", "sales_cost_per_win", "unsubscribe_rate"}
    for row in found.itertuples():
        if row.guard_id == "average_order_value":
            assert row.value_after == pytest.approx(orders["mean"][row.period_start])
            assert row.observations_after == orders["size"][row.period_start]
        if row.guard_id == "sales_cost_per_win":
            assert row.value_after == pytest.approx(hours[row.period_start] / orders["size"][row.period_start])
        assert row.is_breached == (row.verdict == "worse")
        if row.verdict == "worse":
            down = row.guard_id != "average_order_value"
            assert (row.change if down else -row.change) > row.tolerance

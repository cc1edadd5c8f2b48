"""Targets, their attainment and the reverse calculation a second time, in pandas from the seeds and the facts."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, norm

import serving
from leadmill.settings import Home
from tests.nights import Company

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
MONTHS = {"month": 1, "quarter": 3}
LEFT_OUT = {"brand_awareness_2026q4": {"no_goal", "no_number", "no_owner"}}
# What a KPI counts above and below the line.
PARTS = {
    "revenue": ("revenue", None),
    "wins": ("wins", None),
    "opportunities": ("opportunities", None),
    "sql": ("sql", None),
    "mql": ("mql", None),
    "meetings": ("meetings", None),
    "new_leads": ("new_leads", None),
    "cvr": ("conversions", "sessions"),
    "open_rate": ("opens", "delivered"),
    "cpa": ("cost", "new_leads"),
}


def read(home: Path, sql: str) -> pd.DataFrame:
    with serving.open_marts(Home(path=home)) as connection:
        return connection.execute(sql).df()


def business_days(times: pd.Series) -> pd.Series:
    return times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo").dt.tz_localize(None).dt.normalize()


@pytest.fixture(scope="module")
def today(company: Company) -> pd.Timestamp:
    return pd.Timestamp(company.start + timedelta(days=company.days))


@pytest.fixture(scope="module")
def journeys(once: Path) -> pd.DataFrame:
    found = read(once, "from marts.fct_lead_lifecycle")
    for name in ("created_at", "mql_at", "sal_at", "sql_at", "meeting_at"):
        found[name.replace("_at", "_on")] = business_days(found[name])
    return found


@pytest.fixture(scope="module")
def opportunities(once: Path) -> pd.DataFrame:
    found = read(once, "from marts.fct_opportunities")
    found["created_on"], found["closed_on"] = business_days(found["created_at"]), business_days(found["closed_at"])
    found["amount"] = found["amount"].astype(float)
    return found


@pytest.fixture(scope="module")
def counted(once: Path, journeys: pd.DataFrame, opportunities: pd.DataFrame) -> pd.DataFrame:
    """What is counted, one row a thing: what, day, channel, campaign, quantity."""
    sessions = read(once, "from marts.fct_sessions")
    mails = read(once, "from marts.fct_email_messages where delivered_at is not null")
    costs = read(once, "from marts.fct_costs where is_acquisition")
    won = opportunities[opportunities["is_won"]]
    is_opened = mails["first_opened_at"].notna() | mails["first_clicked_at"].notna()
    sources = [
        ("new_leads", journeys, journeys["created_on"], 1),
        ("mql", journeys, journeys["mql_on"], 1),
        ("sql", journeys, journeys["sql_on"], 1),
        ("meetings", journeys, journeys["meeting_on"], 1),
        ("opportunities", opportunities, opportunities["created_on"], 1),
        ("wins", won, won["closed_on"], 1),
        ("revenue", won, won["closed_on"], won["amount"]),
        ("sessions", sessions, business_days(sessions["started_at"]), 1),
        ("conversions", sessions, business_days(sessions["started_at"]), sessions["is_converted"].astype(int)),
        ("delivered", mails.assign(channel="email"), business_days(mails["sent_at"]), 1),
        ("opens", mails.assign(channel="email"), business_days(mails["sent_at"]), is_opened.astype(int)),
        ("cost", costs, costs["occurred_on"], costs["amount"].astype(float)),
    ]
    return pd.concat(
        [
            pd.DataFrame(
                {"what": what, "day": day, "channel": rows["channel"], "campaign": rows["campaign_id"], "n": n}
            )
            for what, rows, day, n in sources
        ]
    ).dropna(subset=["day"])


def kpi_value(target: pd.Series, counted: pd.DataFrame, journeys: pd.DataFrame) -> float | None:
    """Return what a target's period reached, or None where there is nothing to divide by."""
    start, end = target["period_start"], target["period_end"]
    if target["kpi_id"] == "median_form_to_sal_minutes":
        members = journeys[journeys["created_on"].between(start, end, inclusive="left") & journeys["sal_at"].notna()]
        return (members["sal_at"] - members["created_at"]).dt.total_seconds().median() / 60 if len(members) else None
    cell = counted[counted["day"].between(start, end, inclusive="left")]
    if target["dimension"] != "overall":
        cell = cell[cell[target["dimension"]] == target["dimension_value"]]
    sums = cell.groupby("what")["n"].sum()
    above, below = PARTS[target["kpi_id"]]
    if below is None:
        return float(sums.get(above, 0))
    return float(sums.get(above, 0) / sums[below]) if sums.get(below, 0) else None


def test_only_targets_that_are_not_smart_are_rejected(once: Path) -> None:
    seed = pd.read_csv(SEEDS / "targets.csv").set_index("target_id")
    campaigns = read(once, "select campaign_id from marts.dim_campaign where ended_on is not null")["campaign_id"]
    unheard = seed[(seed["period_grain"] == "campaign") & ~seed["dimension_value"].isin(campaigns)].index

    marts = read(once, "from marts.mart_targets").set_index("target_id")

    assert set(marts.index) == set(seed.index)
    rejected = marts[~marts["is_accepted"]]
    assert set(rejected.index) == set(LEFT_OUT) | set(unheard)
    for target_id, reasons in LEFT_OUT.items():
        assert set(rejected.loc[target_id, "rejected_rules"].split(", ")) == reasons
    assert set(rejected.loc[unheard, "rejected_rules"]) <= {"campaign_without_end"}
    assert rejected[["rejected_reasons_en", "rejected_reasons_ja"]].notna().all().all()
    assert (marts.loc[~marts["is_accepted"], "status"] == "rejected").all()


def test_actual_and_status_are_those_computed_again(
    once: Path, today: pd.Timestamp, counted: pd.DataFrame, journeys: pd.DataFrame
) -> None:
    marts = read(once, "from marts.mart_targets where is_accepted")
    down = {"cpa", "median_form_to_sal_minutes"}

    statuses = set()
    for _, target in marts.iterrows():
        has_begun = target["period_start"] <= today
        value = kpi_value(target, counted, journeys) if has_begun else None
        if value is None:
            assert pd.isna(target["actual"]), target["target_id"]
        else:
            assert target["actual"] == pytest.approx(value, rel=1e-9), target["target_id"]
        number = target["target"]
        if not has_begun:
            expected = "not_started"
        elif target["period_end"] > today:
            expected = "running"
        elif value is None:
            expected = "no_data"
        else:
            reached = (number / value if value else np.inf) if target["kpi_id"] in down else value / number
            expected = "met" if reached >= 1 else "nearly_met" if reached >= target["threshold"] else "missed"
        assert target["status"] == expected, target["target_id"]
        statuses.add(expected)
    assert {"met", "missed", "nearly_met", "running", "not_started"} <= statuses


def test_kpi_values_show_the_targets_of_the_seed(once: Path) -> None:
    seed = pd.read_csv(SEEDS / "targets.csv").set_index("target_id").drop(index=list(LEFT_OUT))
    shown = read(once, "from marts.mart_kpi_values where target is not null")
    key = ["kpi_id", "period_grain", "period_start", "dimension", "dimension_value"]

    merged = shown.merge(
        seed.assign(period_start=pd.to_datetime(seed["period_start"]), number=seed["target"].astype(float)).drop(
            columns="target"
        ),
        on=key,
    )

    assert len(merged) == len(shown) > 20
    assert (merged["target"] == merged["number"]).all()


def actual_rate(
    step: pd.Series,
    planned_on: pd.Timestamp,
    counted: pd.DataFrame,
    journeys: pd.DataFrame,
    opportunities: pd.DataFrame,
) -> tuple[float, float, float]:
    """Return a step's rate and its limits as known on a day."""
    until = planned_on - timedelta(days=int(step["maturity_days"]))
    since = until - timedelta(days=int(step["window_days"]))
    if step["rate_kind"] == "cohort":
        entered, passed = {
            "mql": (journeys["created_on"], journeys["mql_on"]),
            "sal": (journeys["mql_on"], journeys["sal_on"]),
            "sql": (journeys["sal_on"], journeys["sql_on"]),
            "meetings": (
                journeys["mql_on"],
                journeys[["meeting_on", "mql_on"]].max(axis=1).where(journeys["has_meeting_since_mql"]),
            ),
            "wins": (opportunities["created_on"], opportunities["closed_on"].where(opportunities["is_won"])),
        }[step["kpi_id"]]
        members = entered.between(since, until, inclusive="left")
        if not members.any():
            return np.nan, np.nan, np.nan
        successes, trials = int((passed[members] < planned_on).sum()), int(members.sum())
        limits = binomtest(successes, trials).proportion_ci(method="wilson")
        return successes / trials, limits.low, limits.high
    window = counted[counted["day"].between(since, until, inclusive="left")]
    above = window.loc[window["what"] == step["kpi_id"], "n"]
    below = window.loc[window["what"] == step["from_kpi_id"], "n"].sum()
    if not below or not above.sum():
        return np.nan, np.nan, np.nan
    rate = above.sum() / below
    error = above.sem() / above.mean() if step["kpi_id"] == "revenue" else np.sqrt(1 / above.sum() + 1 / below)
    return rate, rate * np.exp(-norm.ppf(0.975) * error), rate * np.exp(norm.ppf(0.975) * error)


def test_reverse_plan_is_the_one_computed_again(
    once: Path, today: pd.Timestamp, counted: pd.DataFrame, journeys: pd.DataFrame, opportunities: pd.DataFrame
) -> None:
    steps = pd.read_csv(SEEDS / "planned_rates.csv").sort_values("step_order")
    path = steps[steps["is_on_path"]]
    targets = read(once, "from marts.mart_targets where kpi_id = 'revenue' and is_accepted").set_index("target_id")
    marts = read(once, "from marts.mart_reverse_plan").set_index(["target_id", "basis", "kpi_id"])

    known = 0
    for target_id, target in targets.iterrows():
        planned_on = min(target["period_start"], today)
        for basis in ("planned", "actual"):
            rates = {
                step["kpi_id"]: (step["planned_rate"],) * 3
                if basis == "planned"
                else actual_rate(step, planned_on, counted, journeys, opportunities)
                for _, step in steps.iterrows()
                if step["rate_kind"] != "start"
            }
            required, fewer, more = target["target"], 0.0, 0.0
            for _, step in path.iloc[::-1].iterrows():
                row = marts.loc[(target_id, basis, step["kpi_id"])]
                assert row["required"] == pytest.approx(required, rel=1e-6, nan_ok=True), row.name
                assert row["required_low"] == pytest.approx(required * np.exp(-np.sqrt(fewer)), rel=1e-6, nan_ok=True)
                assert row["required_high"] == pytest.approx(required * np.exp(np.sqrt(more)), rel=1e-6, nan_ok=True)
                if step["kpi_id"] == "mql":
                    beside = marts.loc[(target_id, basis, "meetings"), "required"]
                    assert beside == pytest.approx(required * rates["meetings"][0], rel=1e-6, nan_ok=True)
                known += not np.isnan(required)
                if step["kpi_id"] in rates:
                    rate, low, high = rates[step["kpi_id"]]
                    required = required / rate if rate else np.nan
                    with np.errstate(divide="ignore"):
                        fewer, more = fewer + np.log(high / rate) ** 2, more + np.log(rate / low) ** 2
    assert known > 100


def test_plan_of_a_begun_period_says_what_is_still_needed(once: Path, today: pd.Timestamp) -> None:
    plan = read(once, "from marts.mart_reverse_plan")

    begun = plan["period_start"] <= today
    needed = (plan["required"] - plan["actual_so_far"].fillna(0)).clip(lower=0)

    assert plan.loc[begun, "actual_so_far"].notna().all()
    assert plan.loc[~begun, "actual_so_far"].isna().all()
    assert np.allclose(plan["still_needed"], needed, equal_nan=True)


def test_kpi_set_review_is_due_half_a_year_after_the_last(once: Path, today: pd.Timestamp) -> None:
    reviews = pd.to_datetime(pd.read_csv(SEEDS / "kpi_set_reviews.csv")["reviewed_on"])
    last = reviews[reviews <= today].max()

    [row] = read(once, "from marts.mart_kpi_set_review").to_dict("records")

    assert row["last_reviewed_on"] == last
    assert row["review_due_on"] == last + pd.DateOffset(months=6)
    assert row["is_due"] == (row["review_due_on"] <= today)

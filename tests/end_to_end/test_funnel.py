"""The funnel a second time, in pandas from the journeys and costs: every view, grain, dimension and column."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import serving
from leadmill.settings import Home

STEPS = {
    "lead": "created_at",
    "mql": "mql_at",
    "sal": "sal_at",
    "sql": "sql_at",
    "opportunity": "opportunity_at",
    "won": "won_at",
}
GRAINS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "all": None}
DIMENSIONS = {
    "overall": "overall",
    "channel": "channel",
    "campaign": "campaign_id",
    "content": "content_id",
    "segment": "segment",
    "owner": "owner_id",
    "conversion_point": "conversion_point",
    "channel_x_conversion_point": "channel_x_conversion_point",
}
COST_DIMENSIONS = ("overall", "channel", "campaign")
QUANTILES = {"p10_minutes": 0.1, "p25_minutes": 0.25, "median_minutes": 0.5, "p75_minutes": 0.75, "p90_minutes": 0.9}
FUNNEL = ["view", "period_grain", "period_start", "dimension", "dimension_value"]
KEY = [*FUNNEL, "step"]
TIMELESS = pd.Timestamp("1900-01-01")  # stands for the period start of `all`, so that keys compare


def read(home: Path, sql: str) -> pd.DataFrame:
    """Return rows of the published marts, business days as timestamps."""
    with serving.open_marts(Home(path=home)) as connection:
        return connection.execute(sql).df()


def periods(days: pd.Series, grain: str) -> pd.Series:
    """Return the first day of each day's period."""
    frequency = GRAINS[grain]
    if frequency is None:
        return pd.Series(TIMELESS, index=days.index)
    return days.dt.to_period(frequency).dt.start_time


def business_days(times: pd.Series) -> pd.Series:
    return times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo").dt.tz_localize(None).dt.normalize()


@pytest.fixture(scope="session")
def journeys(once: Path) -> pd.DataFrame:
    found = read(once, "from marts.fct_lead_lifecycle")
    found["overall"] = "all"
    found["content_id"] = found["content_id"].fillna("unattributed")
    found["owner_id"] = found["owner_id"].fillna("unassigned")
    found["channel_x_conversion_point"] = found["channel"] + " × " + found["conversion_point"]
    found["won_amount"] = found["won_amount"].astype(float)
    return found


@pytest.fixture(scope="session")
def funnel(once: Path) -> pd.DataFrame:
    found = read(once, "from marts.mart_funnel")
    found["period_start"] = pd.to_datetime(found["period_start"]).fillna(TIMELESS)
    for column in ("won_amount", "cost", "cost_per_entry"):
        found[column] = found[column].astype(float)
    return found


@pytest.fixture(scope="session")
def entries(journeys: pd.DataFrame) -> pd.DataFrame:
    """One row a journey, view and step that it entered."""
    parts = []
    times = list(STEPS.values())
    for order, (step, time) in enumerate(STEPS.items()):
        entered = journeys[journeys[time].notna()]
        onward = entered[times[order + 1]] if step != "won" else pd.Series(pd.NaT, index=entered.index)
        minutes = (onward - entered[time]).dt.total_seconds() / 60
        for view, anchor in (("cohort", "created_at"), ("period", time)):
            dated = entered.assign(view=view, step=step, day=business_days(entered[anchor]), minutes=minutes)
            parts.append(dated[[*DIMENSIONS.values(), "view", "step", "day", "minutes", "won_amount"]])
    return pd.concat(parts, ignore_index=True)


def quantiles(dated: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return linearly interpolated quantiles of the minutes of each group (pandas' own take a second a grouping)."""
    known = dated.dropna(subset="minutes").sort_values([*keys, "minutes"], ignore_index=True)
    groups = known.groupby(keys)["minutes"].agg(["size"])
    ends = groups["size"].cumsum()
    for name, share in QUANTILES.items():
        place = ends - groups["size"] + share * (groups["size"] - 1)
        below, above = (known["minutes"].to_numpy()[edge(place).astype(int)] for edge in (np.floor, np.ceil))
        groups[name] = below + (above - below) * (place - np.floor(place))
    return groups[list(QUANTILES)]


@pytest.fixture(scope="session")
def again(entries: pd.DataFrame) -> pd.DataFrame:
    """The funnel's counts, quantiles and amounts by pandas; only steps that somebody entered."""
    parts = []
    for grain in GRAINS:
        dated = entries.assign(period_start=periods(entries["day"], grain))
        for dimension, column in DIMENSIONS.items():
            keys = ["view", "step", "period_start", column]
            counted = dated.groupby(keys).agg(
                entered=("minutes", "size"), passed=("minutes", "count"), won_amount=("won_amount", "sum")
            )
            rows = counted.join(quantiles(dated, keys)).reset_index(names=[*keys[:3], "dimension_value"])
            parts.append(rows.assign(period_grain=grain, dimension=dimension))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def costs(once: Path) -> pd.DataFrame:
    """Acquisition cost by pandas, for each grain and dimension that costs have."""
    lines = read(once, "from marts.fct_costs where is_acquisition")
    lines["overall"] = "all"
    lines["amount"] = lines["amount"].astype(float)
    parts = []
    for grain in GRAINS:
        dated = lines.assign(period_start=periods(lines["occurred_on"], grain))
        for dimension in COST_DIMENSIONS:
            summed = dated.groupby(["period_start", DIMENSIONS[dimension]])["amount"].sum().reset_index()
            summed.columns = ["period_start", "dimension_value", "cost"]
            parts.append(summed.assign(period_grain=grain, dimension=dimension))
    return pd.concat(parts, ignore_index=True)


def test_every_count_quantile_and_amount_equals_pandas(funnel: pd.DataFrame, again: pd.DataFrame) -> None:
    compared = funnel.merge(again, on=KEY, how="outer", suffixes=("", "_again"), indicator=True)
    nobody = compared["_merge"] == "left_only"

    assert not (compared["_merge"] == "right_only").any()
    assert (compared.loc[nobody, "entered"] == 0).all()
    assert (compared.loc[nobody, "won_amount"] == 0).all()
    told, expected = compared[~nobody], compared[~nobody].add_suffix("").filter(like="_again")
    assert (told["entered"] == expected["entered_again"]).all()
    assert (told["passed"].fillna(0) == expected["passed_again"]).all()
    for column in [*QUANTILES, "won_amount"]:
        np.testing.assert_allclose(told[column], expected[f"{column}_again"], rtol=1e-9, atol=1e-6, err_msg=column)


def test_every_view_grain_and_dimension_is_there(funnel: pd.DataFrame) -> None:
    found = set(funnel[["view", "period_grain", "dimension"]].drop_duplicates().itertuples(index=False, name=None))

    assert found == {(view, grain, name) for view in ("cohort", "period") for grain in GRAINS for name in DIMENSIONS}


def test_each_funnel_shows_all_steps_in_order(funnel: pd.DataFrame) -> None:
    shown = funnel.sort_values("step_order").groupby(FUNNEL)["step"].agg(",".join)

    assert set(shown) == {",".join(STEPS)}


def test_rates_and_their_intervals_are_those_of_scipy(funnel: pd.DataFrame) -> None:
    tried = funnel[(funnel["step"] != "won") & (funnel["entered"] > 0)]
    shares = tried[["passed", "entered"]].astype(int).drop_duplicates()
    intervals = [
        (passed, entered, *binomtest(passed, entered).proportion_ci(method="wilson"))
        for passed, entered in shares.itertuples(index=False)
    ]
    compared = tried.merge(pd.DataFrame(intervals, columns=["passed", "entered", "low", "high"]))

    assert (
        funnel.loc[~funnel.index.isin(tried.index), ["pass_rate", "pass_rate_low", "pass_rate_high"]].isna().all(None)
    )
    np.testing.assert_allclose(compared["pass_rate"], compared["passed"] / compared["entered"])
    np.testing.assert_allclose(compared["pass_rate_low"], compared["low"], atol=1e-12)
    np.testing.assert_allclose(compared["pass_rate_high"], compared["high"], atol=1e-12)
    assert compared["pass_rate_low"].between(0, compared["pass_rate"]).all()
    assert compared["pass_rate_high"].between(compared["pass_rate"], 1).all()


def test_cost_beside_the_steps_is_that_of_the_cost_lines(funnel: pd.DataFrame, costs: pd.DataFrame) -> None:
    keys = ["period_grain", "period_start", "dimension", "dimension_value"]
    compared = funnel.merge(costs, on=keys, how="outer", suffixes=("", "_again"))

    assert compared["view"].notna().all()
    np.testing.assert_allclose(compared["cost"], compared["cost_again"], atol=0.005)
    entered = compared["entered"].where(compared["entered"] > 0)
    np.testing.assert_allclose(compared["cost_per_entry"], compared["cost_again"] / entered, atol=0.00501)


def test_cost_of_each_step_adds_up_to_all_cost_lines(funnel: pd.DataFrame, costs: pd.DataFrame) -> None:
    totals = funnel[funnel["dimension"].isin(COST_DIMENSIONS)].groupby(["view", "period_grain", "dimension", "step"])

    everything = costs.loc[(costs["period_grain"] == "all") & (costs["dimension"] == "overall"), "cost"].item()
    np.testing.assert_allclose(totals["cost"].sum(), everything)


def test_populations_of_the_steps_are_subsets(journeys: pd.DataFrame) -> None:
    reached = {step: set(journeys.loc[journeys[time].notna(), "lead_id"]) for step, time in STEPS.items()}

    for below, above in zip(list(STEPS)[:-1], list(STEPS)[1:], strict=True):
        assert reached[above] < reached[below]


def test_views_reconcile_over_all_time(funnel: pd.DataFrame) -> None:
    timeless = funnel[funnel["period_grain"] == "all"].set_index([*KEY]).sort_index()

    columns = ["entered", "passed", "pass_rate", "won_amount", "cost", *QUANTILES]
    pd.testing.assert_frame_equal(timeless.loc["cohort", columns], timeless.loc["period", columns])


@pytest.mark.parametrize("column", ["entered", "passed", "won_amount"])
def test_parts_add_up_to_the_whole(funnel: pd.DataFrame, column: str) -> None:
    by_dimension = funnel.groupby(["view", "period_grain", "period_start", "step", "dimension"])[column].sum().unstack()
    by_grain = funnel.groupby(["view", "step", "dimension", "period_grain"])[column].sum().unstack()

    for dimension in DIMENSIONS:
        np.testing.assert_allclose(by_dimension[dimension].fillna(0), by_dimension["overall"].fillna(0), atol=1e-6)
    for grain in GRAINS:
        np.testing.assert_allclose(by_grain[grain], by_grain["all"], rtol=1e-12)

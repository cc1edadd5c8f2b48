"""The forecast a second time, in numpy from the daily KPI values: every KPI, period, origin and method; and alerts."""

from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import holidays
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import serving
from leadmill.settings import Home
from tests.nights import Company

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
FRACTIONS = (0, 0.25, 0.5, 0.75)
SERIES = ["kpi_id", "dimension", "dimension_value"]
MONTHS = {"month": 1, "quarter": 3}


class Period(NamedTuple):
    """A period and the day from which the rest of it is forecast; days are positions in the calendar."""

    grain: str
    start: int
    end: int
    origin: int
    fraction: float | None  # None: the running period


class Calendar:
    """Days from 2023 on by their position, with what kind of day each is."""

    def __init__(self, today: date) -> None:
        self.days = pd.date_range("2023-01-01", "2027-12-31")
        free = {*holidays.country_holidays("JP", years=range(2023, 2028))}
        free |= {date.fromisoformat(day) for day in pd.read_csv(SEEDS / "company_holidays.csv")["date_on"]}
        weekday = self.days.day_of_week.to_numpy()
        is_free = np.array([day.date() in free for day in self.days])
        self.kind = np.where(is_free & (weekday < 5), 6, weekday)
        self.month = (self.days.month.to_numpy() - 1) % 3
        self.today = self.position(today)

    def position(self, day: date | pd.Timestamp) -> int:
        return int((pd.Timestamp(day) - self.days[0]).days)

    def periods(self) -> list[Period]:
        """Return the running periods, and those of the last year at each share of their days."""
        found = []
        for grain, months in MONTHS.items():
            starts = pd.date_range("2023-01-01", "2027-10-01", freq="MS" if months == 1 else "QS")
            for first in starts:
                start, end = self.position(first), self.position(first + pd.DateOffset(months=months))
                if start <= self.today < end:
                    found.append(Period(grain, start, end, self.today, None))
                elif self.today - 366 < end <= self.today:
                    found += [Period(grain, start, end, start + int(f * (end - start)), f) for f in FRACTIONS]
        return found


class Part(NamedTuple):
    """A sum to the period's end: what was, what comes, and its variance."""

    so_far: float
    to_come: float
    variance: float


def seasonal(calendar: Calendar, quantity: np.ndarray, first: int, period: Period) -> Part:
    past = np.arange(max(first, period.origin - 364), period.origin)
    ahead = np.arange(period.origin, period.end)
    mean = quantity[past].mean()

    def share(kinds: np.ndarray, kind: int) -> float:
        alike = past[kinds[past] == kind]
        return quantity[alike].mean() / mean if len(alike) and mean else 1.0

    by_kind = np.array([share(calendar.kind, kind) for kind in range(7)])
    by_month = np.array([share(calendar.month, month) if len(past) >= 182 else 1.0 for month in range(3)])
    weight = by_kind[calendar.kind] * by_month[calendar.month]
    recent = past[past >= period.origin - 91]
    known, coming = weight[recent].sum(), weight[ahead].sum()
    if not known:
        return Part(quantity[period.start : period.origin].sum(), 0.0, 0.0)
    level = quantity[recent].sum() / known
    spread = ((quantity[recent] - level * weight[recent]) ** 2).sum() / known
    return Part(quantity[period.start : period.origin].sum(), level * coming, spread * coming * (1 + coming / known))


def run_rate(_: Calendar, quantity: np.ndarray, first: int, period: Period) -> Part:
    recent = quantity[max(first, period.origin - 91) : period.origin]
    passed, coming = period.origin - period.start, period.end - period.origin
    so_far = quantity[period.start : period.origin].sum()
    return Part(so_far, so_far / passed * coming, recent.var() * coming * (1 + coming / passed))


METHODS = {"seasonal": seasonal, "run_rate": run_rate}


def forecasts(calendar: Calendar, series: pd.DataFrame, aggregation: str, unit: str) -> list[dict[str, object]]:
    """Return what each method says of each period of one KPI."""
    positions = series["period_start"].map(calendar.position)
    first = positions.min()
    parts = {}
    for name in ("numerator", "denominator"):
        parts[name] = np.zeros(len(calendar.days))
        parts[name][positions] = series[name].fillna(0)
    top, bottom = parts["numerator"], parts["denominator"]
    found: list[dict[str, object]] = []
    for period in calendar.periods():
        if first > period.origin - 28:
            continue
        for method, forecast in METHODS.items():
            if method == "run_rate" and period.origin == period.start:
                continue
            above = forecast(calendar, top, first, period)
            value, error = above.so_far + above.to_come, np.sqrt(above.variance)
            actual = top[period.start : period.end].sum()
            low, high = above.so_far, np.inf
            if aggregation == "ratio":
                below = forecast(calendar, bottom, first, period)
                total = below.so_far + below.to_come
                actual = (
                    actual / bottom[period.start : period.end].sum()
                    if bottom[period.start : period.end].any()
                    else np.nan
                )
                if not total:
                    continue
                value /= total
                recent = slice(max(first, period.origin - 91), period.origin)
                known = bottom[recent].sum()
                if known:
                    rest = top[recent] - top[recent].sum() / known * bottom[recent]
                    error = np.sqrt((rest**2).sum() / known * below.to_come * (1 + below.to_come / known)) / total
                else:
                    error = np.nan
                low, high = (0.0, 1.0) if unit == "ratio" else (-np.inf, np.inf)
            found.append(
                {
                    "period_grain": period.grain,
                    "period_start": calendar.days[period.start],
                    "method": method,
                    "fraction": period.fraction,
                    "forecast": min(value, high),
                    "forecast_low": max(value - norm.ppf(0.9) * error, low),
                    "forecast_high": min(value + norm.ppf(0.9) * error, high),
                    "actual": np.nan if period.fraction is None else actual,
                }
            )
    return found


def read(home: Path, sql: str) -> pd.DataFrame:
    with serving.open_marts(Home(path=home)) as connection:
        return connection.execute(sql).df()


@pytest.fixture(scope="module")
def again(once: Path, company: Company) -> pd.DataFrame:
    """Every forecast and replay, computed anew."""
    calendar = Calendar(company.start + timedelta(days=company.days))
    values = read(
        once,
        """
        select kpi_id, dimension, dimension_value, period_start, kpi_values.numerator, kpi_values.denominator,
            aggregation, unit
        from marts.mart_kpi_values as kpi_values
        join marts.dim_kpi using (kpi_id)
        where period_grain = 'day' and aggregation in ('sum', 'ratio')
            and (dimension = 'overall' or (dimension, dimension_value, kpi_id) in (
                select (dimension, dimension_value, kpi_id)
                from marts.mart_targets
                where is_accepted and period_grain in ('month', 'quarter')
            ))
        """,
    )
    found = []
    for key, series in values.groupby(SERIES):
        for row in forecasts(calendar, series, series["aggregation"].iloc[0], series["unit"].iloc[0]):
            found.append(dict(zip(SERIES, key, strict=True)) | row)
    return pd.DataFrame(found)


def test_live_forecasts_are_those_computed_again(again: pd.DataFrame, once: Path) -> None:
    columns = ["forecast", "forecast_low", "forecast_high"]
    key = [*SERIES, "period_grain", "period_start", "method"]
    marts = read(once, "from marts.mart_forecast").set_index(key)[columns].sort_index()

    expected = again[again["fraction"].isna()].set_index(key)[columns].sort_index()

    assert len(marts) > 100
    pd.testing.assert_frame_equal(marts, expected, check_dtype=False, rtol=1e-6, atol=1e-6)


def test_backtest_is_the_one_computed_again(again: pd.DataFrame, once: Path) -> None:
    key = [*SERIES, "period_grain", "method", "fraction"]
    replays = again[again["fraction"].notna() & again["actual"].notna()].copy()
    replays["error"] = replays["forecast"] - replays["actual"]
    replays["share"] = (replays["error"].abs() / replays["actual"].abs()).where(replays["actual"] != 0)
    replays["covered"] = replays["actual"].between(replays["forecast_low"], replays["forecast_high"])
    replays["absolute_error"], replays["size"] = replays["error"].abs(), replays["actual"].abs()
    grouped = replays.groupby(key)
    size = grouped["size"].sum().replace(0, np.nan)
    expected = pd.DataFrame(
        {
            "replayed_periods": grouped.size(),
            "mean_absolute_percentage_error": grouped["share"].mean(),
            "weighted_absolute_percentage_error": grouped["absolute_error"].sum() / size,
            "bias": grouped["error"].sum() / size,
            "interval_coverage": grouped["covered"].mean(),
        }
    ).sort_index()

    marts = read(once, "from marts.mart_forecast_backtest").set_index(key)[list(expected)].sort_index()

    close = ["mean_absolute_percentage_error", "weighted_absolute_percentage_error", "bias"]
    pd.testing.assert_frame_equal(marts[close], expected[close], check_dtype=False, rtol=1e-6, atol=1e-6)
    assert (marts["replayed_periods"] == expected["replayed_periods"]).all()
    # An outcome that lies on the very end of an interval may fall to either side of it.
    assert (marts["interval_coverage"] - expected["interval_coverage"]).abs().lt(1e-9).mean() > 0.98


def test_chosen_method_is_the_one_with_the_least_error(again: pd.DataFrame, once: Path) -> None:
    key = [*SERIES, "period_grain"]
    replays = again[(again["fraction"] > 0) & again["actual"].notna()].copy()
    replays["error"] = (replays["forecast"] - replays["actual"]).abs()
    errors = replays.groupby([*key, "method"])["error"].sum().unstack()

    chosen = read(once, "select distinct * from marts.mart_forecast_backtest where is_chosen")
    methods = chosen.drop_duplicates(key).set_index(key)["method"].reindex(errors.index)

    least = errors.min(axis=1)
    assert all(
        errors.loc[index, method] == pytest.approx(least[index], rel=1e-6, abs=1e-9)
        for index, method in methods.items()
    )


def test_live_forecast_uses_the_method_that_the_backtest_chose(once: Path) -> None:
    key = [*SERIES, "period_grain"]
    live = read(once, "from marts.mart_forecast")
    choices = read(once, "select * from marts.mart_forecast_backtest where is_chosen").drop_duplicates(key)

    merged = live.merge(choices[[*key, "method"]], on=key, suffixes=("", "_chosen"))

    speaks = merged["method"] == merged["method_chosen"]
    assert speaks.any()
    assert merged.loc[speaks, "is_chosen"].all()
    assert (live.groupby(key)["is_chosen"].sum() == 1).all()


def test_intervals_hold_about_what_they_promise(once: Path) -> None:
    backtest = read(once, "from marts.mart_forecast_backtest where is_chosen and dimension = 'overall'")

    coverage = np.average(backtest["interval_coverage"], weights=backtest["replayed_periods"])

    assert 0.65 < coverage < 0.95


def test_alerts_are_the_probable_misses(once: Path) -> None:
    forecast = read(once, "from marts.mart_forecast where is_chosen and target is not null")
    targets = read(once, "from marts.mart_targets where is_accepted").set_index("target_id")
    directions = read(once, "select kpi_id, direction, aggregation from marts.dim_kpi").set_index("kpi_id")
    alerts = read(once, "from marts.mart_alerts")
    down = forecast["kpi_id"].map(directions["direction"]) == "down"
    limits = forecast["target_id"].map(targets["miss_limit"])
    gap = (forecast["forecast"] - limits) * np.where(down, -1, 1)
    probability = norm.sf(gap / forecast["standard_error"])
    can_not_fall = forecast["kpi_id"].map(directions["aggregation"]) == "sum"
    probability = np.where(can_not_fall & ~down & (forecast["value_so_far"] >= limits), 0, probability)
    probability = np.where(can_not_fall & down & (forecast["value_so_far"] > limits), 1, probability)

    expected = dict(zip(forecast["target_id"], probability, strict=True))

    found = alerts[alerts["kind"] == "forecast"].set_index("target_id")
    assert {target for target, chance in expected.items() if chance >= 0.5} == set(found.index)
    for target, row in found.iterrows():
        assert row["miss_probability"] == pytest.approx(expected[str(target)], abs=1e-9)
        assert row["severity"] == ("critical" if row["miss_probability"] >= 0.9 else "warning")
        assert row["gap"] == pytest.approx(row["forecast"] - row["target"])
        assert str(row["days_left"]) in row["message_en"]
        assert str(row["days_left"]) in row["message_ja"]


def test_medians_and_campaigns_are_alerted_as_they_stand(once: Path, company: Company) -> None:
    today = pd.Timestamp(company.start + timedelta(days=company.days))
    targets = read(
        once, "select t.*, aggregation, direction from marts.mart_targets t join marts.dim_kpi using (kpi_id)"
    )
    alerts = read(once, "from marts.mart_alerts")
    beyond = (targets["actual"] - targets["miss_limit"]) * np.where(targets["direction"] == "down", -1, 1) < 0
    left = (targets["period_end"] - today).dt.days
    runs = (targets["status"] == "running") & ~targets["aggregation"].isin(["sum", "ratio"])
    length = (targets["period_end"] - targets["period_start"]).dt.days
    ended = (targets["period_grain"] == "campaign") & left.between(-30, 0)

    standing = targets[runs & beyond & (left <= 0.75 * length)]["target_id"]
    campaigns = targets[ended & beyond]["target_id"]

    assert set(alerts[alerts["kind"] == "so_far"]["target_id"]) == set(standing)
    assert set(alerts[alerts["kind"] == "campaign_end"]["target_id"]) == set(campaigns)

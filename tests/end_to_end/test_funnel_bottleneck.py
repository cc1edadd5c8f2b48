"""The bottleneck a second time, funnel by funnel from the published one: references, effects, and the step it names."""

from functools import cache
from itertools import groupby
from math import isnan, nan, prod, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import serving
from leadmill.settings import Home

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
STEPS = ["lead", "mql", "sal", "sql", "opportunity", "won"]
MONTHS = {"month": 1, "quarter": 3}
WHOLE = ("cohort", "all", None, "overall", "all")


class Funnel(NamedTuple):
    """Which funnel: view, grain, first day, dimension and value."""

    view: str
    grain: str
    start: pd.Timestamp | None
    dimension: str
    value: str


def wilson(passed: float, entered: float) -> tuple[float, float]:
    """Return the 95 % Wilson interval."""
    z, share = 1.959963984540054, passed / entered
    middle = (share + z**2 / (2 * entered)) / (1 + z**2 / entered)
    half = z * sqrt(share * (1 - share) / entered + z**2 / (4 * entered**2)) / (1 + z**2 / entered)
    return middle - half, middle + half


class Bottlenecks:
    """The rule as docs/funnel.md words it, one funnel at a time."""

    def __init__(self, rows: pd.DataFrame, as_of: pd.Timestamp, benchmarks: list[tuple[int, int, float]]) -> None:
        self.as_of = as_of
        self.benchmarks = benchmarks
        self.counts: dict[Funnel, dict[str, Any]] = {}
        for row in rows.itertuples():
            start = None if row.period_grain == "all" else row.period_start
            funnel = Funnel(row.view, row.period_grain, start, row.dimension, row.dimension_value)
            self.counts.setdefault(funnel, {})[row.step] = row
        p90 = [self.counts[Funnel(*WHOLE)][step].p90_minutes for step in STEPS[:-1]]
        self.minutes = [0 if isnan(minutes) else minutes for minutes in p90]

    def of(self, funnel: Funnel, order: int) -> tuple[int, int]:
        """Return how many entered and passed a step."""
        step = self.counts[funnel][STEPS[order]]
        return int(step.entered), int(step.passed)

    @cache  # noqa: B019 - one object a test
    def is_mature(self, funnel: Funnel, order: int) -> bool:
        if funnel.start is None:
            return True
        end = (funnel.start + pd.DateOffset(months=MONTHS[funnel.grain])).tz_localize("Asia/Tokyo").tz_convert("UTC")
        needed = self.minutes[order] if funnel.view == "period" else sum(self.minutes[: order + 1])
        return bool(end.tz_localize(None) + pd.Timedelta(minutes=round(needed)) <= self.as_of)

    @cache  # noqa: B019 - one object a test
    def usual(self, funnel: Funnel, order: int) -> tuple[str, int, int]:
        """Return where the usual rate comes from, and its counts."""
        before = []
        if funnel.start is not None:
            periods = [funnel.start - pd.DateOffset(months=MONTHS[funnel.grain] * n) for n in range(1, 5)]
            before = [funnel._replace(start=start) for start in periods]
        mature = [self.of(one, order) for one in before if one in self.counts and self.is_mature(one, order)]
        entered, passed = sum(count[0] for count in mature), sum(count[1] for count in mature)
        if entered:
            return "previous_periods", entered, passed
        entered, passed = self.of(Funnel(*WHOLE), order)
        is_whole = funnel.grain == "all" and funnel.dimension == "overall"
        return "none" if is_whole or not entered else "overall", entered, passed

    @cache  # noqa: B019 - one object a test
    def carried(self, funnel: Funnel, order: int) -> float:
        entered, passed = self.of(funnel, order)
        if self.is_mature(funnel, order) and entered:
            return passed / entered
        _, entered, passed = self.usual(funnel, order)
        return passed / entered if entered else nan

    def benchmark(self, funnel: Funnel, order: int) -> float:
        """Return the highest rate that a benchmark over this step asks of it; nan without one."""
        needed = [nan]
        for first, after, low in self.benchmarks:
            if first <= order < after:
                others = prod(self.carried(funnel, other) for other in range(first, after) if other != order)
                needed.append(min(low / others, 1) if others else nan)
        known = [rate for rate in needed if not isnan(rate)]
        return max(known, default=nan)

    def step(self, funnel: Funnel, order: int) -> dict[str, Any]:
        """Return the columns of mart_funnel_bottleneck that are computed here."""
        entered, passed = self.of(funnel, order)
        kind, usual_entered, usual_passed = self.usual(funnel, order)
        usual = usual_passed / usual_entered if kind != "none" else nan
        low, high = wilson(usual_passed, usual_entered) if kind != "none" else (nan, nan)
        benchmark = self.benchmark(funnel, order)
        if not isnan(benchmark) and not benchmark <= usual:
            kind, usual, low, high = "benchmark", benchmark, benchmark, benchmark
        later = prod(self.carried(funnel, other) for other in range(order + 1, 5))
        mature = self.is_mature(funnel, order)
        effect = nan
        if mature and kind != "none":
            effect = max(usual - passed / entered, 0) * entered * later if entered else 0.0
        own_low, own_high = wilson(passed, entered) if entered else (nan, nan)
        return {
            **funnel._asdict(),
            "step": STEPS[order],
            "is_mature": mature,
            "reference_kind": kind,
            "reference_rate": usual,
            "later_rate": later,
            "effect_orders": effect,
            "effect_amount": effect * self.order_value(funnel),
            "is_conclusive": mature and (own_high < low - 1e-12 or own_low > high + 1e-12),
        }

    @cache  # noqa: B019 - one object a test
    def order_value(self, funnel: Funnel) -> float:
        """Return the average amount of the journeys won, the company's where the value has none."""
        for one in (funnel._replace(grain="all", start=None), Funnel(*WHOLE)):
            won = self.counts[one]["won"]
            if won.entered:
                return float(won.won_amount) / int(won.entered)
        return nan


@pytest.fixture(scope="session")
def bottlenecks(once: Path) -> pd.DataFrame:
    with serving.open_marts(Home(path=once)) as connection:
        return connection.execute("from marts.mart_funnel_bottleneck").df()


@pytest.fixture(scope="session")
def again(once: Path) -> pd.DataFrame:
    with serving.open_marts(Home(path=once)) as connection:
        rows = connection.execute("from marts.mart_funnel where period_grain in ('month', 'quarter', 'all')").df()
        ((as_of,),) = connection.execute("select as_of from marts.mart_run").fetchall()
    low = pd.read_csv(SEEDS / "kpi_catalogue.csv").set_index("kpi_id")["benchmark_low"]
    spans = pd.read_csv(SEEDS / "funnel_benchmarks.csv").itertuples()
    benchmarks = [(STEPS.index(span.from_step), STEPS.index(span.to_step), low[span.kpi_id]) for span in spans]
    rule = Bottlenecks(rows, pd.Timestamp(as_of), [span for span in benchmarks if not isnan(span[2])])
    return pd.DataFrame([rule.step(funnel, order) for funnel in rule.counts for order in range(5)])


def test_every_step_equals_the_rule_in_python(bottlenecks: pd.DataFrame, again: pd.DataFrame) -> None:
    names = {"period_grain": "grain", "period_start": "start", "dimension_value": "value"}
    keys = ["view", "grain", "start", "dimension", "value", "step"]
    found = bottlenecks.rename(columns=names).set_index(keys).sort_index()

    expected = again.assign(start=pd.to_datetime(again["start"]).astype(bottlenecks["period_start"].dtype))
    expected = expected.set_index(keys).sort_index()

    pd.testing.assert_frame_equal(
        found[expected.columns], expected, check_dtype=False, check_index_type=False, rtol=1e-9, atol=0.006
    )


def test_the_step_with_the_largest_effect_is_named(bottlenecks: pd.DataFrame) -> None:
    ordered = bottlenecks.sort_values(["view", "period_grain", "period_start", "dimension", "dimension_value"])
    funnel = ["view", "period_grain", "period_start", "dimension", "dimension_value"]
    named = 0
    for _, rows in groupby(
        ordered.fillna({"period_start": pd.Timestamp(0)}).itertuples(),
        lambda row: [getattr(row, key) for key in funnel],
    ):
        steps = sorted(rows, key=lambda row: row.step_order)
        effects = [0 if isnan(row.effect_orders) else row.effect_orders for row in steps]
        expected = effects.index(max(effects)) if max(effects) > 0 else None

        assert [index for index, row in enumerate(steps) if row.is_bottleneck] == (
            [] if expected is None else [expected]
        )
        named += expected is not None
    assert named > 100


def test_a_bottleneck_need_not_have_the_lowest_rate(bottlenecks: pd.DataFrame) -> None:
    funnel = ["view", "period_grain", "period_start", "dimension", "dimension_value"]
    lowest = bottlenecks.groupby(funnel, dropna=False)["pass_rate"].transform("min")

    assert (bottlenecks["is_bottleneck"] & (bottlenecks["pass_rate"] > lowest)).any()
    assert (bottlenecks["is_bottleneck"] & (bottlenecks["pass_rate"] == lowest)).any()

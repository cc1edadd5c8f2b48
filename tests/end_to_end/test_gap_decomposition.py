"""Gaps are decomposed exactly, whatever the volumes: the model's own SQL on made-up steps, and on the company's."""

from decimal import Decimal
from itertools import pairwise, permutations
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import serving
from leadmill.settings import Home

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
STEPS = ["sessions", "new_leads", "mql", "sal", "sql", "opportunities", "wins", "revenue"]
CELL = ["basis", "period_grain", "period_start", "dimension", "dimension_value"]

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # a query a try is too slow to shrink with

counts = st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 2_000))
amounts = st.one_of(st.just(0.0), st.integers(0, 10**11).map(lambda cents: cents / 100))
volumes = st.tuples(*[counts] * 7, amounts)
sides = st.tuples(volumes, volumes)
Sides = tuple[tuple[float, ...], tuple[float, ...]]


def measured(actual: list[float], baseline: list[float]) -> list[int]:
    """Return the steps that have a rate on both sides: none that counts nothing while a later one counts something."""
    return [
        step
        for step in range(len(actual))
        if all(side[step] != 0 or not any(side[step + 1 :]) for side in (actual, baseline))
    ]


def ratios(volumes: list[float], steps: list[int]) -> list[float]:
    """Return each measured step's ratio to the one before; the first is the volume itself."""
    kept = [volumes[step] for step in steps]
    return [kept[0], *(later / before if before else np.nan for before, later in pairwise(kept))]


def shapley(actual: list[float], baseline: list[float]) -> list[float]:
    """Return each step's mean effect over all orders in which the steps could be changed."""
    steps = measured(actual, baseline)
    new, old = np.array(ratios(actual, steps)), np.array(ratios(baseline, steps))
    new, old = np.where(np.isnan(new), old, new), np.where(np.isnan(old), new, old)
    new, old = np.nan_to_num(new, nan=1.0), np.nan_to_num(old, nan=1.0)
    orders = np.array(list(permutations(range(len(steps)))))
    effects = np.zeros(len(actual))
    for place in range(len(steps)):
        before, after = np.ones(len(orders)), np.ones(len(orders))
        for other in range(len(steps)):
            changed = orders[:, other]
            before *= (new if other < place else old)[changed]
            after *= (new if other <= place else old)[changed]
        np.add.at(effects, np.array(steps)[orders[:, place]], (after - before) / len(orders))
    return list(effects)


@pytest.fixture(scope="module")
def model(once: Path) -> duckdb.DuckDBPyConnection:
    """A warehouse that holds only what the model reads, and the model's SQL as view `decomposed`."""
    connection = duckdb.connect()
    connection.execute(
        "attach ':memory:' as warehouse; create schema warehouse.staging; create schema warehouse.intermediate"
    )
    connection.execute(
        f"create table warehouse.staging.planned_rates as from read_csv('{SEEDS / 'planned_rates.csv'}')"
    )
    compiled = Home(path=once).dbt_target / "compiled" / "leadmill" / "models" / "marts" / "targets"
    fill(connection, [])
    connection.execute(f"create view decomposed as {(compiled / 'mart_gap_decomposition.sql').read_text('utf-8')}")
    return connection


def fill(model: duckdb.DuckDBPyConnection, pairs: list[Sides]) -> None:
    """Let the model read these pairs, each as the volumes of a day of its own."""
    made_up = pd.DataFrame(  # noqa: F841 - read by DuckDB under its name
        [
            (pair, place + 1, step, float(actual[place]), float(baseline[place]))
            for pair, (actual, baseline) in enumerate(pairs)
            for place, step in enumerate(STEPS)
        ],
        columns=["pair", "step_order", "kpi_id", "actual", "baseline"],
    )
    model.execute(
        """
        create or replace table warehouse.intermediate.int_target__step_volumes as
        select 'previous' as basis, 'month' as period_grain, date '2000-01-01' + pair::integer as period_start,
            date '2000-01-01' as baseline_start, 'overall' as dimension, 'all' as dimension_value,
            step_order::integer as step_order, kpi_id, actual as actual_volume, baseline as baseline_volume
        from made_up
        """
    )


def decompose(model: duckdb.DuckDBPyConnection, pairs: list[Sides]) -> pd.DataFrame:
    """Return the effects of the revenue's steps of each pair (column `pair`: its place), in their order."""
    fill(model, pairs)
    found = model.execute(
        """
        select period_start - date '2000-01-01' as pair, * replace (effect::varchar as effect)
        from decomposed
        where goal_kpi_id = 'revenue'
        order by pair, step_order
        """
    ).df()
    return found.assign(effect=found["effect"].map(Decimal))


@settings(max_examples=8, deadline=None, phases=PHASES)
@given(st.lists(sides, min_size=10, max_size=25))
def test_effects_sum_exactly_and_swap_with_the_sides(model: duckdb.DuckDBPyConnection, pairs: list[Sides]) -> None:
    forward = decompose(model, pairs)
    backward = decompose(model, [(baseline, actual) for actual, baseline in pairs])

    assert set(forward["pair"]) == {pair for pair, (actual, baseline) in enumerate(pairs) if actual[-1] or baseline[-1]}
    for pair, found in forward.groupby("pair"):
        actual, baseline = pairs[pair]
        assert sum(found["effect"]) == Decimal(str(actual[-1])) - Decimal(str(baseline[-1]))
    # Each side is rounded on its own.
    assert list(forward["effect"].astype(float)) == pytest.approx(list(-backward["effect"].astype(float)), abs=0.021)


@settings(max_examples=3, deadline=None, phases=PHASES)
@given(st.lists(volumes, min_size=10, max_size=25))
def test_what_did_not_change_has_no_effect(
    model: duckdb.DuckDBPyConnection, unchanged: list[tuple[float, ...]]
) -> None:
    found = decompose(model, [(same, same) for same in unchanged])

    assert (found["effect"] == 0).all()


@settings(max_examples=3, deadline=None, phases=PHASES)
@given(st.lists(sides, min_size=5, max_size=10))
def test_effects_are_the_mean_over_all_orders(model: duckdb.DuckDBPyConnection, pairs: list[Sides]) -> None:
    for pair, found in decompose(model, pairs).groupby("pair"):
        actual, baseline = pairs[pair]
        expected = shapley(list(actual), list(baseline))
        assert list(found["effect"].astype(float)) == pytest.approx(expected, abs=0.011, rel=1e-7)


def test_shortfall_of_one_step_is_its_own(model: duckdb.DuckDBPyConnection) -> None:
    plan = (1000, 50, 20, 10, 5, 5, 2, 4000.0)
    half_the_orders = (1000, 50, 20, 10, 5, 5, 1, 2000.0)

    found = decompose(model, [(half_the_orders, plan)]).set_index("kpi_id")["effect"]

    assert found["wins"] == -2000
    assert found.drop("wins").eq(0).all()


def test_months_and_quarters_are_decomposed_from_their_volumes(once: Path) -> None:
    with serving.open_marts(Home(path=once)) as marts:
        gaps = marts.execute("select * replace (effect::double as effect) from marts.mart_gap_decomposition").df()
        values = marts.execute(
            """
            select period_grain, period_start, dimension, dimension_value, kpi_id, numerator
            from marts.mart_kpi_values
            where period_grain in ('month', 'quarter') and dimension in ('overall', 'channel')
            """
        ).df()
    wide = values.pivot_table(index=CELL[1:], columns="kpi_id", values="numerator").fillna(0)
    nothing = pd.Series(0.0, index=wide.columns)

    checked = 0
    for (basis, grain, start, dimension, value, goal), found in gaps.groupby([*CELL, "goal_kpi_id"]):
        steps = STEPS[: STEPS.index(goal) + 1]
        key, before = (grain, start, dimension, value), (grain, found["baseline_start"].iloc[0], dimension, value)
        actual = wide.loc[key] if key in wide.index else nothing
        ordered = found.set_index("kpi_id").loc[steps]
        assert list(ordered["actual_volume"]) == pytest.approx([actual[step] for step in steps])
        if basis == "previous":
            earlier = wide.loc[before] if before in wide.index else nothing
            assert list(ordered["baseline_volume"]) == pytest.approx([earlier[step] for step in steps])
        expected = shapley(list(ordered["actual_volume"]), list(ordered["baseline_volume"]))
        assert list(ordered["effect"]) == pytest.approx(expected, abs=0.011)
        assert round(100 * ordered["effect"]).sum() == round(100 * ordered["gap"].iloc[0])
        checked += 1
    assert checked > 20

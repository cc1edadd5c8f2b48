"""The statistics macros against scipy and numpy, run by DuckDB as the models run them."""

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pytest
from scipy.stats import binomtest

MACROS = (Path(__file__).parents[2] / "dbt_project" / "macros" / "statistics.sql").read_text()
SHARES = [(0, 1), (1, 1), (0, 7), (7, 7), (1, 3), (8, 300), (150, 1000), (999_999, 1_000_000)]


def sql_of(call: str) -> str:
    """Return the SQL that a call of one of the macros stands for, without dbt."""
    return jinja2.Environment(autoescape=False).from_string(MACROS + "{{ " + call + " }}").render()  # noqa: S701 - SQL


def values_of(*calls: str) -> tuple[Any, ...]:
    """Return what DuckDB makes of the calls over the column `minutes`."""
    columns = ", ".join(sql_of(call) for call in calls)
    rows = duckdb.execute(
        f"select {columns} from (values (3.0), (1), (null), (4), (1.5), (9)) as t (minutes)"
    ).fetchall()
    return rows[0]


@pytest.mark.parametrize(("successes", "trials"), SHARES)
def test_wilson_interval_is_that_of_scipy(successes: int, trials: int) -> None:
    expected = binomtest(successes, trials).proportion_ci(method="wilson")

    low, high = values_of(f"wilson_low({successes}, {trials})", f"wilson_high({successes}, {trials})")

    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / trials <= high <= 1


def test_wilson_interval_of_no_trials_is_null() -> None:
    assert values_of("wilson_low(0, 0)", "wilson_high(0, 0)") == (None, None)


def test_percentiles_are_interpolated_and_pass_nulls_by() -> None:
    shares = [0.0, 0.1, 0.25, 0.5, 0.9, 1.0]

    (found,) = values_of(f"duckdb__percentiles('minutes', {shares})")

    assert found == pytest.approx(np.percentile([3, 1, 4, 1.5, 9], [100 * share for share in shares]))

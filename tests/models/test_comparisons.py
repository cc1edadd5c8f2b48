"""The comparison macros against scipy and published examples, run by DuckDB as the models run them."""

import math
from pathlib import Path

import duckdb
import jinja2
import pytest
from scipy import stats

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros"


def value_of(call: str, **columns: float) -> float:
    """Return what DuckDB makes of a macro's call over one row of columns."""
    macros = (MACROS / "comparisons.sql").read_text() + (MACROS / "statistics.sql").read_text()
    sql = jinja2.Environment(autoescape=False).from_string(macros + "{{ " + call + " }}").render()  # noqa: S701 - SQL
    row = ", ".join(f"{number!r}::double as {name}" for name, number in columns.items())
    value: float = duckdb.execute(f"select {sql} from (select {row}) as t").fetchall()[0][0]
    return value


@pytest.mark.parametrize("z", [0, 0.3, 1.959963984540054, 4.7, 7.07, 7.08, 12, 36.9, 40])
def test_normal_tail_is_that_of_scipy(z: float) -> None:
    found = value_of("normal_upper_tail('z')", z=z)

    assert found == pytest.approx(stats.norm.sf(z), rel=1e-6, abs=1e-15)


@pytest.mark.parametrize("degrees", [4, 7, 13, 30, 400])
def test_quantile_of_students_t_is_that_of_scipy(degrees: float) -> None:
    found = value_of("t_quantile('degrees')", degrees=degrees)

    assert found == pytest.approx(stats.t.ppf(0.975, degrees), abs=1e-5 if degrees >= 13 else 2e-3)


@pytest.mark.parametrize("degrees", [4, 7.5, 30, 400])
@pytest.mark.parametrize("t", [-3.1, 0, 0.2, 1.97, 5])
def test_p_value_of_students_t_is_that_of_scipy(t: float, degrees: float) -> None:
    found = value_of("two_sided_p_value('(' ~ normal_of_t('t', 'degrees') ~ ')')", t=t, degrees=degrees)

    assert found == pytest.approx(2 * stats.t.sf(abs(t), degrees), abs=1e-5)


# Newcombe (1998), table II, column of method 10.
@pytest.mark.parametrize(
    ("successes", "trials", "others", "other_trials", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0000),
    ],
)
def test_interval_of_a_difference_is_the_published_one(
    successes: int, trials: int, others: int, other_trials: int, low: float, high: float
) -> None:
    one = {"p": successes / trials, "q": others / other_trials}
    for name, (hits, tries) in {"p": (successes, trials), "q": (others, other_trials)}.items():
        one[f"{name}_low"] = value_of("wilson_low('s', 'n')", s=hits, n=tries)
        one[f"{name}_high"] = value_of("wilson_high('s', 'n')", s=hits, n=tries)

    found_low = value_of("difference_low('p', 'p_low', 'q', 'q_high')", **one)
    found_high = value_of("difference_high('p', 'p_high', 'q', 'q_low')", **one)

    assert (round(found_low, 4), round(found_high, 4)) == (low, high)


def test_pooled_test_of_two_shares_is_the_chi_squared_test() -> None:
    z = value_of("two_share_z('s', 'n', 'o', 'm')", s=45, n=300, o=80, m=350)

    chi_squared = stats.chi2_contingency([[45, 255], [80, 270]], correction=False).statistic

    assert math.isclose(z * z, chi_squared)
    assert z < 0

"""The marts gate refuses targets, forecasts and gaps that contradict each other, by the check's name."""

from pathlib import Path

import pytest

from leadmill.errors import GateRefused
from tests.expectations.warehouse import change, run, whole_warehouse

BREAKS = {
    "marts.kpi_targets_are_accepted": "update marts.mart_kpi_values set target = 9 where kpi_id = 'mql'",
    "marts.gap_effects_sum_to_the_gap": """
        insert into marts.mart_gap_decomposition (basis, period_grain, period_start, dimension, dimension_value,
            goal_kpi_id, kpi_id, effect, actual_goal, baseline_goal, gap)
        values ('target', 'month', '2026-10-01', 'overall', 'all', 'wins', 'mql', 1.99, 3, 1, 2)
    """,
    "marts.one_forecast_is_chosen": """
        insert into marts.mart_forecast
            (kpi_id, dimension, dimension_value, period_grain, period_start, method, is_chosen)
        values ('mql', 'overall', 'all', 'month', '2026-10-01', 'seasonal', false)
    """,
    "marts.forecasts_are_sound": """
        insert into marts.mart_forecast (kpi_id, dimension, dimension_value, period_grain, period_start, method,
            is_chosen, forecast, forecast_low, forecast_high)
        values ('mql', 'overall', 'all', 'month', '2026-10-01', 'seasonal', true, 5, 6, 7)
    """,
}


@pytest.mark.parametrize("check", BREAKS)
def test_contradiction_is_refused_by_name(check: str, tmp_path: Path) -> None:
    home = whole_warehouse(tmp_path)
    change(home, BREAKS[check])

    with pytest.raises(GateRefused, match=check):
        run("marts", home, only=check)

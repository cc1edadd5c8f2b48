"""The targets and what follows from them: gaps are explained whole, and each period has one forecast."""

from __future__ import annotations

from expectations.checks import Check


def checks() -> list[Check]:
    """Return the checks of targets, forecasts and gaps at the marts gate."""
    return [_targets_are_shown(), _gap_is_explained(), _one_forecast(), _forecasts_are_sound()]


def _targets_are_shown() -> Check:
    return Check(
        id="marts.kpi_targets_are_accepted",
        table="marts.mart_kpi_values",
        expects="the target of a value is the accepted one of mart_targets",
        because="a target that was rejected, or another period's, judges wrongly",
        rows="""
            select kpi_id, period_grain, period_start, dimension, dimension_value, told.target as told,
                accepted.target as expected
            from {batch} as told
            left join (from marts.mart_targets where is_accepted) as accepted
                using (kpi_id, period_grain, period_start, dimension, dimension_value)
            where told.target is distinct from accepted.target
        """,
    )


def _gap_is_explained() -> Check:
    return Check(
        id="marts.gap_effects_sum_to_the_gap",
        table="marts.mart_gap_decomposition",
        expects="the effects of the steps sum exactly to the gap, and the gap is what the values say",
        because="a shortfall that is explained in part, or twice, sends people to the wrong step",
        rows="""
            select basis, goal_kpi_id, period_grain, period_start, dimension, dimension_value, sum(effect) as told,
                any_value(gap) as expected
            from {batch}
            group by all
            having sum(effect) <> any_value(gap)
                or count(distinct gap) > 1
                or any_value(gap) <> any_value(actual_goal) - any_value(baseline_goal)
        """,
    )


def _one_forecast() -> Check:
    return Check(
        id="marts.one_forecast_is_chosen",
        table="marts.mart_forecast",
        expects="exactly one forecast of a KPI and period is the one to use",
        because="two forecasts raise an alert twice, none raises it never",
        rows="""
            select kpi_id, dimension, dimension_value, period_grain, count(*) filter (where is_chosen) as chosen
            from {batch}
            group by all
            having chosen <> 1
        """,
    )


def _forecasts_are_sound() -> Check:
    return Check(
        id="marts.forecasts_are_sound",
        table="marts.mart_forecast",
        expects="a forecast lies within its interval, a probability between 0 and 1, and a target has a probability",
        because="an alert is raised from them",
        rows="""
            select kpi_id, dimension, dimension_value, period_grain, method, forecast_low, forecast, forecast_high,
                miss_probability
            from {batch}
            where forecast < forecast_low - 1e-9
                or forecast > forecast_high + 1e-9
                or miss_probability not between 0 and 1
                or (miss_probability is null) <> (target is null)
        """,
    )

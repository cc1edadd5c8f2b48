"""What the diagnosis marts must hold: parts that add up, intervals that hold their value, verdicts with enough data."""

from __future__ import annotations

from expectations.checks import Check


def checks() -> list[Check]:
    """Return the checks of the diagnosis marts."""
    return [_shortfalls_add_up(), _effects()]


def _shortfalls_add_up() -> Check:
    return Check(
        id="marts.quality_shortfalls_add_up",
        table="marts.mart_quality_flags",
        expects="the shortfalls of a dimension's values add up to the company's",
        because="a source that is left out would be blamed on the others",
        rows="""
            with totals as (
                select period_grain, period_start, dimension, sum(sql_shortfall) as shortfall, sum(mql) as mql
                from {batch}
                group by period_grain, period_start, dimension
            )
            select parts.period_grain, parts.period_start, parts.dimension, parts.shortfall, company.shortfall as total
            from totals as parts
            inner join totals as company using (period_grain, period_start)
            where company.dimension = 'overall'
                and (parts.shortfall is distinct from company.shortfall or parts.mql <> company.mql)
        """,
    )


def _effects() -> Check:
    return Check(
        id="marts.initiative_effects_have_evidence",
        table="marts.mart_initiative_effects",
        expects="an effect lies within its interval, and a verdict stands only where the interval is on one side of 0",
        because="money is moved on a verdict",
        rows="""
            select initiative_id, effect, effect_low, effect_high, verdict
            from {batch}
            where effect not between effect_low and effect_high
                or p_value not between 0 and 1
                or (verdict in ('improved', 'worse') and coalesce(effect_low <= 0 and effect_high >= 0, true))
        """,
    )

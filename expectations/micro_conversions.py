"""Whether the micro-conversions compare what may be compared."""

from __future__ import annotations

from expectations.checks import Check


def checks() -> list[Check]:
    """Return the checks of the micro-conversions."""
    return [
        Check(
            id="marts.micro_conversions_compare_one_population",
            table="marts.mart_micro_conversions",
            expects="who reached it, who converted and who did both are parts of one population",
            because="a lift between two populations says nothing about the micro-conversion",
            rows="""
                select mcv_id, period_grain, period_start, dimension, dimension_value, population, reached, converted,
                    reached_converted
                from {batch}
                where greatest(reached, converted) > population
                    or reached_converted > least(reached, converted)
                    or converted - reached_converted > population - reached
                    or reached_rate not between 0 and 1
                    or not_reached_rate not between 0 and 1
                    or not (phi_low <= phi and phi <= phi_high)
                    or p_value not between 0 and 1
            """,
        ),
        Check(
            id="marts.micro_conversions_channels_add_up",
            table="marts.mart_micro_conversions",
            expects="the channels of a micro-conversion and period add up to the whole",
            because="everybody has one channel: a part that is missing or doubled is a lost or doubled visitor",
            rows="""
                select mcv_id, period_grain, period_start
                from {batch}
                group by mcv_id, period_grain, period_start
                having sum(volume) filter (where dimension = 'channel')
                        <> sum(volume) filter (where dimension = 'overall')
                    or sum(population) filter (where dimension = 'channel')
                        <> sum(population) filter (where dimension = 'overall')
            """,
        ),
    ]

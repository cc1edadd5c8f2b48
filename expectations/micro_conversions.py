"""Whether micro-conversions and contents are compared with what they may be compared with."""

from __future__ import annotations

from expectations.checks import Check


def checks() -> list[Check]:
    """Return the checks of the micro-conversions and of the content report."""
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
        Check(
            id="marts.content_outcomes_within_people",
            table="marts.mart_content_report",
            expects="whom a content led somewhere is among those it met, and its leads' outcomes among its leads",
            because="a rate above 1 counts people whom the content never met",
            rows="""
                select content_id, period_grain, period_start, people, leads
                from {batch}
                where greatest(people_with_micro_conversion, people_with_conversion, people_with_meeting) > people
                    or greatest(leads_with_meeting, leads_with_sql, leads_won) > leads
            """,
        ),
        Check(
            id="marts.content_leads_reconcile",
            table="marts.mart_content_report",
            expects="the leads of all contents are the journeys that a content took",
            because="the report must lead to the leads in the detail below it",
            rows="""
                with told as (
                    select period_grain, sum(leads) as leads, sum(won_amount) as won_amount
                    from {batch}
                    group by period_grain
                ),
                counted as (
                    select count(*) as leads, coalesce(sum(won_amount), 0) as won_amount
                    from marts.fct_lead_lifecycle
                    where content_id is not null
                )
                select told.*, counted.leads as expected_leads, counted.won_amount as expected_amount
                from told
                cross join counted
                where told.leads <> counted.leads or told.won_amount <> counted.won_amount
            """,
        ),
        Check(
            id="marts.content_next_steps_within_met",
            table="marts.mart_content_next_steps",
            expects="those who moved on are among those met",
            because="a rate above 1 counts people whom the content never met",
            rows="select content_id, period_grain, period_start, stage from {batch} where moved_on > met",
        ),
    ]

"""The funnel marts against each other and against the facts below them."""

from __future__ import annotations

from expectations.checks import Check


def checks() -> list[Check]:
    """Return the funnels' checks of the marts gate."""
    return [_views_agree(), _parts_add_up(), _costs_reconcile(), _one_bottleneck(), _web_funnel_narrows(), _exits()]


def _views_agree() -> Check:
    return Check(
        id="marts.funnel_views_agree",
        table="marts.mart_funnel",
        expects="over all time the cohort and the period view count the same journeys",
        because="both views are of one population; only the day a journey is counted on differs",
        rows="""
            select dimension, dimension_value, step, min(entered) as fewest, max(entered) as most
            from {batch}
            where period_grain = 'all'
            group by dimension, dimension_value, step
            having min(entered) <> max(entered) or min(passed) <> max(passed)
        """,
    )


def _parts_add_up() -> Check:
    return Check(
        id="marts.funnel_parts_add_up",
        table="marts.mart_funnel",
        expects="the values of each dimension, and the periods of each grain, add up to all journeys",
        because="a journey without a channel, owner or day is missing from that report",
        rows="""
            with totals as (
                select view, period_grain, dimension, step, sum(entered) as entered
                from {batch}
                group by view, period_grain, dimension, step
            )
            select totals.*, whole.entered as expected
            from totals
            join totals as whole
                on totals.view = whole.view and totals.period_grain = whole.period_grain and totals.step = whole.step
            where whole.dimension = 'overall' and totals.entered <> whole.entered
        """,
    )


def _costs_reconcile() -> Check:
    return Check(
        id="marts.funnel_costs_reconcile",
        table="marts.mart_funnel",
        expects="the cost beside each step adds up to the acquisition cost of fct_costs",
        because="a cost per lead that leaves money out is too good",
        rows="""
            with totals as (
                select view, period_grain, dimension, step, coalesce(sum(cost), 0) as cost
                from {batch}
                where dimension in ('overall', 'channel', 'campaign')
                group by view, period_grain, dimension, step
            )
            select totals.*, spent.amount as expected
            from totals
            cross join (select coalesce(sum(amount), 0) as amount from marts.fct_costs where is_acquisition) as spent
            where totals.cost <> spent.amount
        """,
    )


def _one_bottleneck() -> Check:
    return Check(
        id="marts.funnel_bottleneck_is_the_largest",
        table="marts.mart_funnel_bottleneck",
        expects="each funnel names at most one bottleneck: a step whose effect on orders is the largest, and above 0",
        because="a meeting acts on the one step that is named",
        rows="""
            select
                view, period_grain, period_start, dimension, dimension_value,
                count(*) filter (is_bottleneck) as named
            from {batch}
            group by view, period_grain, period_start, dimension, dimension_value
            having count(*) filter (is_bottleneck) <> (max(effect_orders) > 0)::int
                or max(effect_orders) filter (is_bottleneck) < max(effect_orders)
                or min(effect_orders) < 0
        """,
    )


def _web_funnel_narrows() -> Check:
    return Check(
        id="marts.web_funnel_narrows",
        table="marts.mart_web_funnel",
        expects="who passed a step of the web funnel is who entered the next one; the others dropped off",
        because="each step's population holds the next one's",
        rows="""
            select
                population, period_grain, period_start, dimension, dimension_value, step,
                entered, passed, dropped, next_entered
            from (
                select
                    *,
                    lead(entered) over (
                        partition by population, period_grain, period_start, dimension, dimension_value
                        order by step_order
                    ) as next_entered
                from {batch}
            ) as steps
            where passed is distinct from next_entered or passed > entered or dropped <> entered - passed
        """,
    )


def _exits() -> Check:
    return Check(
        id="marts.web_exits_are_shares",
        table="marts.mart_web_exits",
        expects="the sessions that left by a page are among those that saw it",
        because="a drop-off above 1 counts a session twice",
        rows="""
            select period_grain, period_start, page_path, sessions, exits, unconverted_exits
            from {batch}
            where not (unconverted_exits between 0 and exits and exits <= sessions)
                or not (bounces between 0 and entries and entries <= sessions)
        """,
    )

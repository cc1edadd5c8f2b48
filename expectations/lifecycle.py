"""Whether scores are explained, hot and dormant journeys were open, and accounts are the sum of their opportunities."""

from __future__ import annotations

from expectations.checks import Check


def checks() -> list[Check]:
    """Return the checks of the lifecycle beside those of its stages."""
    return [
        Check(
            id="marts.scores_are_explained",
            table="marts.fct_lead_scores",
            expects="each score is fit plus behaviour, and the sum of its lines",
            because="a score that nobody can explain is not believed by sales",
            rows="""
                select scores.lead_id, scores.score, coalesce(lines.points, 0) as points
                from {batch} as scores
                left join (
                    select lead_id, sum(points) as points
                    from marts.fct_lead_score_lines
                    group by lead_id
                ) as lines
                    using (lead_id)
                where scores.score <> coalesce(lines.points, 0)
                    or scores.score <> scores.fit_score + scores.behaviour_score
            """,
        ),
        Check(
            id="marts.hot_leads_are_open",
            table="marts.fct_hot_leads",
            expects="a journey became hot after its beginning and before it was won, lost or followed by the next",
            because="a customer is no hot lead: calls to customers would be counted as work on leads",
            rows="""
                select hot.lead_id, hot.rule_id, hot.hot_at
                from {batch} as hot
                left join marts.fct_lead_lifecycle as journeys using (lead_id)
                where journeys.lead_id is null
                    or hot.hot_at < journeys.created_at
                    or hot.hot_at >= least(journeys.won_at, journeys.lost_at, journeys.next_journey_at)
            """,
        ),
        Check(
            id="marts.stages_are_left_after_they_are_entered",
            table="marts.fct_lead_stage_events",
            expects="no stage, and no round of dormancy, is left before it is entered",
            because="a time spent in a stage can't be negative",
            rows="select lead_id, stage, entered_at, left_at from {batch} where left_at < entered_at",
        ),
        Check(
            id="marts.accounts_are_won_by_their_own_orders",
            table="marts.fct_account_lifecycle",
            expects="an account is won exactly where an opportunity of its own is won",
            because="a customer without an order, or an order without a customer, shows two revenues",
            rows="""
                select account_id, won_at, won_opportunities
                from {batch}
                where (won_at is not null) <> (won_opportunities > 0)
            """,
        ),
        Check(
            id="marts.accounts_reconcile",
            table="marts.fct_account_lifecycle",
            expects="amounts won by account add up to those of the opportunities that have an account",
            because="the account view must tell the same revenue as the opportunities",
            rows="""
                with told as (
                    select coalesce(sum(won_amount), 0) as won_amount
                    from {batch}
                ),
                counted as (
                    select coalesce(sum(amount), 0) as won_amount
                    from marts.fct_opportunities
                    where is_won and account_id is not null
                )
                select told.won_amount as told, counted.won_amount as expected
                from told
                cross join counted
                where told.won_amount <> counted.won_amount
            """,
        ),
    ]

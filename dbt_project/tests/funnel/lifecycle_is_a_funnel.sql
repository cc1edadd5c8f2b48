-- Each stage's journeys are those of the stage below or fewer, in time order; the facts of the stages tell the same; and
-- every journey is counted once by the first step of the funnel.
with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

stage_events as (
    select * from {{ ref('fct_lead_stage_events') }}
),

funnel as (
    select * from {{ ref('mart_funnel') }}
),

stage_counts as (
    select
        count(*) + count(mql_at) + count(sal_at) + count(sql_at) + count(opportunity_at) + count(won_at)
        + count(lost_at) as reached,
        (select count(*) filter (where stage not in ('dormant', 'reactivated')) from stage_events) as entered
    from lifecycle
),

first_steps as (
    select view, period_grain, dimension, sum(entered) as entered
    from funnel
    where step = 'lead'
    group by view, period_grain, dimension
)

select lead_id as key, 'a stage stands without, or before, the one below it' as problem
from lifecycle
where
    (mql_at is not null and not coalesce(mql_at >= created_at, false))
    or (sal_at is not null and not coalesce(sal_at >= mql_at, false))
    or (sql_at is not null and not coalesce(sql_at >= sal_at, false))
    or (opportunity_at is not null and not coalesce(opportunity_at >= sql_at, false))
    or (won_at is not null and not coalesce(won_at >= opportunity_at, false))
    or (lost_at is not null and not coalesce(lost_at >= opportunity_at and won_at is null, false))
union all
select lead_id || ' ' || stage as key, 'a stage event is there twice' as problem
from stage_events
group by lead_id, stage, case when stage in ('dormant', 'reactivated') then entered_at end
having count(*) > 1
union all
select 'all' as key, reached || ' stages reached, but ' || entered || ' stage events' as problem
from stage_counts
where reached != entered
union all
select view || ' ' || period_grain || ' ' || dimension as key, 'the first step does not count every journey once' as problem
from first_steps
where entered != (select count(*) from lifecycle)
union all
select
    view || ' ' || coalesce(cast(period_start as varchar), 'all') || ' ' || dimension_value || ' ' || step as key,
    'more passed than entered, or the next step of a cohort is not who passed' as problem
from (
    select
        *,
        lead(entered) over (
            partition by view, period_grain, period_start, dimension, dimension_value
            order by step_order
        ) as next_entered
    from funnel
) as neighbouring
where passed > entered or (view = 'cohort' and passed != next_entered)

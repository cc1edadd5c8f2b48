with
opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

opportunity_history as (
    select * from {{ ref('int_canonical__opportunity_stages') }}
),

opportunity_stages as (
    select * from {{ ref('opportunity_stages') }}
),

recorded as (
    select
        opportunities.opportunity_id,
        opportunity_history.stage,
        opportunity_history.entered_at,
        'recorded' as reason
    from opportunity_history
    inner join opportunities
        on
            opportunity_history.source_system = opportunities.source_system
            and opportunity_history.opportunity_record_id = opportunities.record_id
    group by opportunities.opportunity_id, opportunity_history.stage, opportunity_history.entered_at
),

-- Without a history all that is known is the stage of today: entered at the close, or at the creation while open. A
-- result that is dated in the future has not been entered yet.
implied as (
    select
        opportunities.opportunity_id,
        opportunities.stage,
        coalesce(opportunities.closed_at, opportunities.created_at) as entered_at,
        'implied' as reason
    from opportunities
    left join recorded
        on
            opportunities.opportunity_id = recorded.opportunity_id
            and opportunities.stage = recorded.stage
    left join opportunity_stages on lower({{ cleaned('opportunities.stage') }}) = opportunity_stages.stage_name
    where
        recorded.opportunity_id is null
        and (opportunities.is_closed or not coalesce(opportunity_stages.is_closed, false))
        and coalesce(opportunities.closed_at, opportunities.created_at) is not null
),

entered as (
    select * from recorded
    union all
    select * from implied
),

followed as (
    select
        entered.*,
        opportunity_stages.stage_order,
        lead(entered.entered_at) over stages as left_at,
        opportunity_stages.stage_order < lag(opportunity_stages.stage_order) over stages
        -- An order that was cancelled goes back too, although lost stands last in the list of stages.
        or (lag(opportunity_stages.is_won) over stages and not opportunity_stages.is_won) as is_backward
    from entered
    left join opportunity_stages on lower({{ cleaned('entered.stage') }}) = opportunity_stages.stage_name
    window stages as (
        partition by entered.opportunity_id
        order by entered.entered_at, opportunity_stages.stage_order, entered.stage
    )
),

final as (
    select
        followed.opportunity_id,
        opportunities.lead_id,
        opportunities.account_id,
        followed.stage,
        followed.stage_order,
        followed.entered_at,
        followed.left_at,
        followed.reason,
        coalesce(followed.is_backward, false) as is_backward,
        opportunities.amount,
        opportunities.currency,
        opportunities.created_at,
        opportunities.closed_at,
        opportunities.is_won
    from followed
    inner join opportunities on followed.opportunity_id = opportunities.opportunity_id
)

select * from final

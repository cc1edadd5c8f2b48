with
salesforce_history as (
    select * from {{ ref('stg_salesforce__opportunity_field_history') }}
    where field = 'StageName' and not is_deleted
),

salesforce_opportunities as (
    select * from {{ ref('stg_salesforce__opportunities') }}
    where not is_deleted
),

file_stages as (
    select * from {{ ref('stg_files__opportunity_stages') }}
),

-- The history tells changes only: the stage an opportunity began in is the old value of its first change.
first_stages as (
    select
        opportunities.source_system,
        opportunities.opportunity_id,
        arg_min(history.old_value, (history.changed_at, history.history_id)) as stage,
        min(opportunities.created_at) as entered_at
    from salesforce_opportunities as opportunities
    inner join salesforce_history as history
        on
            opportunities.source_system = history.source_system
            and opportunities.opportunity_id = history.opportunity_id
    group by opportunities.source_system, opportunities.opportunity_id
),

unioned as (
    select source_system, opportunity_id, stage, entered_at
    from first_stages
    where stage is not null

    union all

    select source_system, opportunity_id, new_value as stage, changed_at as entered_at
    from salesforce_history

    union all

    select source_system, opportunity_id, stage, entered_at
    from file_stages
),

final as (
    select
        source_system,
        opportunity_id as opportunity_record_id,
        stage,
        entered_at
    from unioned
    where entered_at < {{ as_of() }}
)

select * from final

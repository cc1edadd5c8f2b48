with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

evidence as (
    select * from {{ ref('int_lifecycle__evidence') }}
),

activities as (
    select * from {{ ref('int_lifecycle__activities') }}
    where is_completed and is_with_person
),

stage_definitions as (
    select * from {{ ref('stage_definitions') }}
),

rules as (
    select
        *,
        rule in ('fit_at_least', 'behaviour_at_least', 'score_at_least', 'activity_within') as is_computed,
        count(*) over (partition by definition_version, stage, alternative) as rules_of_alternative
    from stage_definitions
),

versions as (
    select distinct
        definition_version,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from stage_definitions
),

-- A journey is judged by the version that held on the day it was created.
defined as (
    select
        journeys.lead_id,
        journeys.created_at,
        versions.definition_version
    from journeys
    inner join versions on {{ business_day('journeys.created_at') }} between versions.valid_from and versions.valid_to
),

met as (
    select
        defined.lead_id,
        defined.created_at,
        defined.definition_version,
        rules.stage,
        rules.stage_order,
        rules.is_computed,
        rules.alternative,
        rules.rules_of_alternative,
        evidence.met_at
    from defined
    inner join evidence on defined.lead_id = evidence.lead_id
    inner join rules
        on
            defined.definition_version = rules.definition_version
            and evidence.rule = rules.rule
            and (evidence.stage is null or evidence.stage = rules.stage)
            and evidence.parameter is not distinct from rules.parameter
            and evidence.field is not distinct from rules.field
            and evidence.value is not distinct from rules.value
),

recorded_rules_met as (
    select * from met
    where not is_computed
),

recorded_stages as (
    {{ stages_reached('recorded_rules_met') }}
),

stage_orders as (
    select distinct
        definition_version,
        stage,
        stage_order
    from stage_definitions
),

later_stages as (
    select
        recorded_stages.lead_id,
        stage_orders.stage_order,
        min(recorded_stages.reached_at) as reached_at
    from recorded_stages
    inner join stage_orders as recorded_orders
        on
            recorded_stages.definition_version = recorded_orders.definition_version
            and recorded_stages.stage = recorded_orders.stage
    inner join stage_orders
        on
            recorded_stages.definition_version = stage_orders.definition_version
            and recorded_orders.stage_order > stage_orders.stage_order
    group by recorded_stages.lead_id, stage_orders.stage_order
),

-- Points go on rising after people have decided: what is computed after a later stage was recorded says nothing of this
-- one, which is implied then. A mark that somebody set late stays a mark.
met_in_time as (
    select met.*
    from met
    left join later_stages on met.lead_id = later_stages.lead_id and met.stage_order = later_stages.stage_order
    where not met.is_computed or coalesce(met.met_at <= later_stages.reached_at, true)
),

mql_rules_met as (
    select * from met_in_time
    where stage = 'mql'
),

mql as (
    {{ stages_reached('mql_rules_met') }}
),

-- SAL counts the try from MQL on. A clock that runs behind may put the try before MQL.
touches as (
    select
        mql.lead_id,
        defined.created_at,
        mql.definition_version,
        rules.stage,
        rules.stage_order,
        rules.is_computed,
        rules.alternative,
        rules.rules_of_alternative,
        min(activities.occurred_at) as met_at
    from mql
    inner join defined on mql.lead_id = defined.lead_id
    inner join rules
        on
            mql.definition_version = rules.definition_version
            and rules.rule = 'touch_within_hours'
    inner join activities
        on
            mql.lead_id = activities.lead_id
            and activities.occurred_at
            between {{ dbt.dateadd('hour', '-rules.parameter', 'greatest(mql.reached_at, defined.created_at)') }}
            and {{ dbt.dateadd('hour', 'rules.parameter', 'greatest(mql.reached_at, defined.created_at)') }}
    group by all
),

rules_met as (
    select * from met_in_time
    union all by name
    select * from touches
),

final as (
    {{ stages_reached('rules_met') }}
)

select * from final

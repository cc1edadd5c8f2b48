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

mql_rules_met as (
    select * from met
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
    select * from met
    union all
    select * from touches
),

final as (
    {{ stages_reached('rules_met') }}
)

select * from final

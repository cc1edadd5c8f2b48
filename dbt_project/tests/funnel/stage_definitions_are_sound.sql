-- A version of the stage definitions holds for whole quarters, versions follow each other without gap or overlap, and
-- each has every rule that fct_lead_lifecycle reads exactly once.
with
definitions as (
    select * from {{ ref('stage_definitions') }}
),

versions as (
    select
        definition_version,
        valid_from,
        valid_to,
        lead(valid_from) over (order by valid_from) as next_valid_from
    from (select distinct definition_version, valid_from, valid_to from definitions) as distinct_versions
),

known_rules as (
    select
        known.stage,
        known.rule,
        known.has_parameter
    from (
        values
        ('lead', 'created', false),
        ('mql', 'marked', false),
        ('sal', 'status_accepting', false),
        ('sal', 'touch_within_hours', true),
        ('sql', 'bant_at_least', true),
        ('sql', 'next_step_required', true),
        ('opportunity', 'opportunity_created', false),
        ('won', 'opportunity_won', false),
        ('lost', 'all_opportunities_lost', false)
    ) as known (stage, rule, has_parameter)
),

rules as (
    select
        versions.definition_version,
        known_rules.rule,
        count(definitions.rule) as times,
        bool_or(definitions.parameter is null and known_rules.has_parameter) as lacks_parameter
    from versions
    cross join known_rules
    left join definitions
        on
            versions.definition_version = definitions.definition_version
            and known_rules.stage = definitions.stage
            and known_rules.rule = definitions.rule
    group by versions.definition_version, known_rules.rule
)

select definition_version, 'not a whole quarter' as problem
from versions
where
    valid_from != {{ dbt.date_trunc('quarter', 'valid_from') }}
    or {{ dbt.dateadd('day', 1, 'valid_to') }} != {{ dbt.date_trunc('quarter', dbt.dateadd('day', 1, 'valid_to')) }}
union all
select definition_version, 'gap or overlap with the next version, or two spans' as problem
from versions
where next_valid_from is distinct from cast({{ dbt.dateadd('day', 1, 'valid_to') }} as date)
union all
select definition_version, rule || ' is there ' || times || ' times, or lacks its parameter' as problem
from rules
where times != 1 or lacks_parameter
union all
select definitions.definition_version, definitions.rule || ' is no rule of ' || definitions.stage as problem
from definitions
left join known_rules on definitions.stage = known_rules.stage and definitions.rule = known_rules.rule
where known_rules.rule is null

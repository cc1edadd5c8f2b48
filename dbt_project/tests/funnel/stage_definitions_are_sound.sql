-- A version of the stage definitions holds for whole quarters, versions follow each other without gap or overlap, each
-- defines every stage, and by rules that the language knows, with what they take. Each row says what is wrong with which line.
with
definitions as (
    select
        *,
        concat_ws(' ', definition_version, stage, alternative, rule) as line
    from {{ ref('stage_definitions') }}
),

versions as (
    select
        definition_version,
        valid_from,
        valid_to,
        lead(valid_from) over (order by valid_from) as next_valid_from
    from (select distinct definition_version, valid_from, valid_to from definitions) as distinct_versions
),

-- Which stages may use a rule, and the least and greatest parameter it takes. MQL can't count hours from itself.
known_rules as (
    select
        known.rule,
        known.stages,
        known.least,
        known.greatest
    from (
        values
        ('created', ',lead,', null, null),
        ('marked', ',mql,sal,sql,', null, null),
        ('fit_at_least', ',mql,sal,sql,', -1000, 1000),
        ('behaviour_at_least', ',mql,sal,sql,', 1, 1000),
        ('score_at_least', ',mql,sal,sql,', -1000, 1000),
        ('crm_field_equals', ',mql,sal,sql,', null, null),
        ('status_accepting', ',mql,sal,sql,', null, null),
        ('activity_within', ',mql,sal,sql,', 1, 3650),
        ('touch_within_hours', ',sal,sql,', 1, 8760),
        ('bant_at_least', ',mql,sal,sql,', 1, 4),
        ('next_step_required', ',mql,sal,sql,', null, null),
        ('opportunity_created', ',opportunity,', null, null),
        ('opportunity_won', ',won,', null, null),
        ('all_opportunities_lost', ',lost,', null, null),
        ('dormant_after_days', ',dormant,', 2, 3650),
        ('activity_after_dormancy', ',reactivated,', null, null)
    ) as known (rule, stages, least, greatest)
),

known_stages as (
    select
        known.stage,
        known.stage_order
    from (
        values
        ('lead', 1), ('mql', 2), ('sal', 3), ('sql', 4), ('opportunity', 5), ('won', 6), ('lost', 7), ('dormant', 8),
        ('reactivated', 9)
    ) as known (stage, stage_order)
),

judged as (
    select
        definitions.*,
        known_rules.stages,
        known_rules.least,
        known_rules.greatest,
        known_stages.stage_order as known_stage_order,
        count(*) over (partition by line) as times
    from definitions
    left join known_rules on definitions.rule = known_rules.rule
    left join known_stages on definitions.stage = known_stages.stage
)

select definition_version as line, 'does not hold for whole quarters' as problem
from versions
where
    valid_from != {{ dbt.date_trunc('quarter', 'valid_from') }}
    or {{ dbt.dateadd('day', 1, 'valid_to') }} != {{ dbt.date_trunc('quarter', dbt.dateadd('day', 1, 'valid_to')) }}
union all
select definition_version as line, 'gap to or overlap with the next version, or two spans of one version' as problem
from versions
where next_valid_from is distinct from cast({{ dbt.dateadd('day', 1, 'valid_to') }} as date)
union all
select versions.definition_version || ' ' || known_stages.stage as line, 'the version does not define the stage' as problem
from versions
cross join known_stages
left join definitions
    on versions.definition_version = definitions.definition_version and known_stages.stage = definitions.stage
where definitions.stage is null
union all
select line, 'the language knows no such rule' as problem
from judged
where stages is null
union all
select line, 'no such stage, or not at this place of the funnel' as problem
from judged
where stage_order is distinct from known_stage_order
union all
select line, 'this stage may not use the rule' as problem
from judged
where stages not like '%,' || stage || ',%'
union all
select line, 'the rule needs a parameter from ' || least || ' to ' || greatest as problem
from judged
where least is not null and not coalesce(parameter between least and greatest, false)
union all
select line, 'the rule takes no parameter' as problem
from judged
where stages is not null and least is null and parameter is not null
union all
select line, 'only crm_field_equals takes a field (status, owner_id, channel or campaign_id) and a value' as problem
from judged
where
    case
        when rule = 'crm_field_equals'
            then value is null or coalesce(field, '') not in ('status', 'owner_id', 'channel', 'campaign_id')
        else field is not null or value is not null
    end
union all
select distinct line, 'the rule is there twice in one alternative' as problem
from judged
where times > 1 and rule != 'crm_field_equals'
union all
select line, 'the alternative has no number from 1 on' as problem
from judged
where coalesce(alternative, 0) < 1

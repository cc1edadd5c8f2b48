-- The rules that int_target__validated applies, and the two that mart_targets warns by, are those of the seed smart_rules.
{%- set applied = smart_rules().keys() | list + ['beyond_reach', 'never_seen'] %}
with
applied as (
    {% for rule in applied %}
    select '{{ rule }}' as rule
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    coalesce(applied.rule, smart_rules.rule) as rule,
    case when applied.rule is null then 'no condition applies it' else 'the seed has no wording' end as problem
from applied
full outer join {{ ref('smart_rules') }} as smart_rules on applied.rule = smart_rules.rule
where applied.rule is null or smart_rules.rule is null

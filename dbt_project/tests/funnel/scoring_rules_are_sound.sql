-- Each line of the seeds scoring_rules and hot_lead_rules says all that its kind needs. Each row says what is missing.
with
scoring_rules as (
    select * from {{ ref('scoring_rules') }}
),

behaviour_rules as (
    select * from scoring_rules
    where kind = 'behaviour'
),

hot_lead_rules as (
    select * from {{ ref('hot_lead_rules') }}
)

select rule_id, 'a fit rule needs an attribute of the person or account, a condition and points' as problem
from scoring_rules
where
    kind = 'fit'
    and (
        coalesce(attribute, '') not in (
            'is_target', 'industry', 'employee_band', 'region', 'has_business_address', 'is_free_mail'
        )
        or condition is null
        or coalesce(points, 0) = 0
    )
union all
select rule_id, 'a behaviour rule needs an event, points, days from 1 and times from 1' as problem
from behaviour_rules
where event_name is null or coalesce(points, 0) = 0 or coalesce(valid_days, 0) < 1 or coalesce(at_most, 0) < 1
union all
select rule_id, 'a behaviour rule is held against content_id or conversion_point with a condition, or against nothing' as problem
from behaviour_rules
where
    coalesce(attribute, 'content_id') not in ('content_id', 'conversion_point')
    or (attribute is null) != (condition is null)
union all
select rule_id, 'a rule by score needs a threshold' as problem
from hot_lead_rules
where kind = 'score' and threshold is null
union all
select rule_id, 'a rule by behaviour needs a behaviour rule of scoring_rules, times from 1 and days from 1' as problem
from hot_lead_rules
where
    kind = 'behaviour'
    and (
        coalesce(scoring_rule_id, '') not in (select rule_id from behaviour_rules)
        or coalesce(at_least, 0) < 1
        or coalesce(within_days, 0) < 1
    )

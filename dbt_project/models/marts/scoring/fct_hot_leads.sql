with
open_spans as (
    select * from {{ ref('int_lifecycle__open_spans') }}
),

crossings as (
    select * from {{ ref('int_scoring__crossings') }}
),

behaviour as (
    select * from {{ ref('int_scoring__behaviour') }}
),

rules as (
    select * from {{ ref('hot_lead_rules') }}
),

by_score as (
    select
        crossings.lead_id,
        rules.rule_id,
        rules.kind,
        crossings.crossed_at as hot_at
    from crossings
    inner join rules on crossings.kind = rules.kind and crossings.threshold = rules.threshold
),

moments as (
    select
        person_id,
        rule_id as scoring_rule_id,
        occurred_at,
        row_number() over (partition by person_id, rule_id order by occurred_at) as moment_rank
    from behaviour
    where rule_id in (select scoring_rule_id from rules)
),

-- From the last of so many moments that lie close together until the first of them is too old, a person is hot.
hot_persons as (
    select
        latest.person_id,
        rules.rule_id,
        rules.kind,
        latest.occurred_at as from_at,
        {{ dbt.dateadd('day', 'rules.within_days', 'earliest.occurred_at') }} as until_at
    from rules
    inner join moments as latest on rules.scoring_rule_id = latest.scoring_rule_id
    inner join moments as earliest
        on
            latest.person_id = earliest.person_id
            and latest.scoring_rule_id = earliest.scoring_rule_id
            and latest.moment_rank - rules.at_least + 1 = earliest.moment_rank
    where
        rules.kind = 'behaviour'
        and latest.occurred_at < {{ dbt.dateadd('day', 'rules.within_days', 'earliest.occurred_at') }}
),

by_behaviour as (
    select
        open_spans.lead_id,
        hot_persons.rule_id,
        hot_persons.kind,
        min(greatest(hot_persons.from_at, open_spans.created_at)) as hot_at
    from open_spans
    inner join hot_persons
        on
            open_spans.person_id = hot_persons.person_id
            and open_spans.created_at < hot_persons.until_at
    group by open_spans.lead_id, hot_persons.rule_id, hot_persons.kind
),

hot as (
    select * from by_score
    union all
    select * from by_behaviour
),

-- What a customer or a lost lead does later makes no hot lead of the journey that has ended.
final as (
    select
        hot.lead_id,
        hot.rule_id,
        hot.kind,
        hot.hot_at
    from hot
    inner join open_spans on hot.lead_id = open_spans.lead_id
    where open_spans.ended_at is null or hot.hot_at < open_spans.ended_at
)

select * from final

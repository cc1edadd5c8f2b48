-- How well people are known, in numbers that name nobody: for the gate and the dashboard. It speaks of the state at as_of
-- alone; what became of persons from run to run stands in identity.person_changes.
with
record_person as (
    select * from {{ ref('record_person') }}
),

-- A record that shares nothing stands in the list of links with itself.
links as (
    select * from {{ ref('links') }}
    where rule <> 'record'
),

persons as (
    select * from {{ ref('dim_person') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

email_messages as (
    select * from {{ ref('fct_email_messages') }}
),

won_opportunities as (
    select * from {{ ref('fct_opportunities') }}
    where is_won and amount is not null
),

-- Browsers are no records of a person: they belong to persons for a time.
records as (
    select * from record_person
    where record_type <> 'anonymous_id'
),

person_sizes as (
    select person_id, count(*) as record_count
    from records
    group by person_id
),

banded_persons as (
    select
        case
            when record_count = 1 then '1'
            when record_count = 2 then '2'
            when record_count <= 5 then '3-5'
            when record_count <= 10 then '6-10'
            when record_count <= 50 then '11-50'
            else '51+'
        end as records_per_person,
        record_count
    from person_sizes
),

counts as (
    select
        'persons' as measure,
        'overall' as dimension,
        'all' as dimension_value,
        count(*) as quantity
    from person_sizes

    union all

    select 'persons' as measure, 'records_per_person' as dimension, records_per_person as dimension_value, count(*) as quantity
    from banded_persons
    group by records_per_person

    union all

    select 'largest_person' as measure, 'overall' as dimension, 'all' as dimension_value, max(record_count) as quantity
    from person_sizes

    union all

    select 'records' as measure, 'overall' as dimension, 'all' as dimension_value, count(*) as quantity
    from records

    union all

    select 'records' as measure, 'source' as dimension, source_system as dimension_value, count(*) as quantity
    from records
    group by source_system

    union all

    select 'links_active' as measure, 'rule' as dimension, rule as dimension_value, count(*) as quantity
    from links
    where is_active
    group by rule

    union all

    select 'links_refused' as measure, 'rule' as dimension, rule as dimension_value, count(*) as quantity
    from links
    where not is_active
    group by rule

    union all

    select 'links_refused' as measure, 'reason' as dimension, refused_reason as dimension_value, count(*) as quantity
    from links
    where not is_active
    group by refused_reason
),

parts_and_wholes as (
    select 'persons_on_free_mail' as measure, count(*) filter (where is_free_mail) as part, count(*) as whole
    from persons

    union all

    select 'sessions_with_person' as measure, count(person_id) as part, count(*) as whole
    from sessions

    union all

    select 'email_messages_with_person' as measure, count(person_id) as part, count(*) as whole
    from email_messages

    union all

    select
        'won_revenue_with_person' as measure,
        sum(amount) filter (where person_id is not null) as part,
        sum(amount) as whole
    from won_opportunities

    union all

    select
        'won_revenue_with_account' as measure,
        sum(amount) filter (where account_id is not null) as part,
        sum(amount) as whole
    from won_opportunities
),

final as (
    select
        measure,
        dimension,
        dimension_value,
        cast(coalesce(quantity, 0) as double) as value,
        'count' as unit
    from counts

    union all

    select
        measure,
        'overall' as dimension,
        'all' as dimension_value,
        case when whole <> 0 then cast(coalesce(part, 0) as double) / cast(whole as double) end as value,
        'ratio' as unit
    from parts_and_wholes
)

select * from final

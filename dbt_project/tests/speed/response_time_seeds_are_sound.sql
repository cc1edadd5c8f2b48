-- What the seeds of working time must hold for the minutes to mean anything.
with
working_hours as (
    select * from {{ ref('working_hours') }}
),

response_time_slas as (
    select * from {{ ref('response_time_slas') }}
),

response_breach_reasons as (
    select * from {{ ref('response_breach_reasons') }}
),

final as (
    select 'working_hours: a day closes before it opens, or has one of the two only' as fault
    from working_hours
    where (opens_at is null) != (closes_at is null) or closes_at <= opens_at
    union all
    select 'working_hours: each weekday from 1 to 7 has one row' as fault
    from working_hours
    having count(distinct iso_weekday) filter (where iso_weekday between 1 and 7) != 7 or count(*) != 7
    union all
    select 'response_time_slas: ' || leg || ' has rows for any and for single conversion points' as fault
    from response_time_slas
    group by leg
    having bool_or(conversion_point = 'any') and bool_or(conversion_point != 'any')
    union all
    select 'response_breach_reasons: unexplained is missing or not the last' as fault
    from response_breach_reasons
    having max(priority) filter (where reason = 'unexplained') is distinct from max(priority)
)

select * from final

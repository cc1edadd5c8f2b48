with
events as (
    select * from {{ ref('fct_events') }}
    where person_id is not null
),

passive_events as (
    select * from {{ ref('passive_events') }}
),

-- A day's first and last moment are enough to see any pause of days, at a fraction of the rows.
final as (
    select
        person_id,
        {{ business_day('occurred_at') }} as active_on,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from events
    where event_name not in (select event_name from passive_events)
    group by person_id, {{ business_day('occurred_at') }}
)

select * from final

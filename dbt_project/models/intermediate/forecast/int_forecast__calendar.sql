with
business_days as (
    select * from {{ ref('int_calendar__business_days') }}
),

final as (
    select
        date_on,
        -- Nobody works on a holiday: it counts as a Sunday.
        case when is_business_day or iso_weekday = 6 then iso_weekday else 7 end as day_type,
        cast((extract(month from date_on) - 1) % 3 + 1 as integer) as quarter_month
    from business_days
)

select * from final

with
dates as (
    select * from {{ ref('dim_date') }}
),

working_hours as (
    select * from {{ ref('working_hours') }}
),

public_holidays as (
    select * from {{ ref('int_calendar__holidays') }}
),

company_holidays as (
    select * from {{ ref('company_holidays') }}
),

days as (
    select
        dates.date_on,
        dates.iso_weekday,
        coalesce(public_holidays.holiday_name, company_holidays.wording_ja) as holiday_name,
        working_hours.opens_at is not null and public_holidays.date_on is null and company_holidays.date_on is null
            as is_business_day,
        {{ from_business_time('dates.date_on + working_hours.opens_at') }} as usually_opens_at,
        {{ from_business_time('dates.date_on + working_hours.closes_at') }} as usually_closes_at
    from dates
    left join working_hours on dates.iso_weekday = working_hours.iso_weekday
    left join public_holidays on dates.date_on = public_holidays.date_on
    left join company_holidays on dates.date_on = company_holidays.date_on
),

opened as (
    select
        date_on,
        iso_weekday,
        holiday_name,
        is_business_day,
        case when is_business_day then usually_opens_at end as opens_at,
        case when is_business_day then usually_closes_at end as closes_at,
        -- In UTC, so that a change of summer time within the hours counts as it was.
        case when is_business_day then {{ minutes_between('usually_opens_at', 'usually_closes_at') }} else 0 end
            as working_minutes
    from days
),

final as (
    select
        *,
        sum(working_minutes) over (order by date_on) - working_minutes as working_minutes_before
    from opened
)

select * from final

with
days as (
    select cast(range as date) as date_on
    from range(timestamp '1970-01-01', date_trunc('year', {{ as_of() }}) + interval '2 years', interval '1 day')
),

final as (
    select
        date_on,
        cast(date_trunc('week', date_on) as date) as week_start_on,
        cast(date_trunc('month', date_on) as date) as month_start_on,
        cast(date_trunc('quarter', date_on) as date) as quarter_start_on,
        cast(extract(year from date_on) as integer) as calendar_year,
        cast(extract(month from date_on) as integer) as calendar_month,
        cast(extract(isodow from date_on) as integer) as iso_weekday,
        extract(isodow from date_on) < 6 as is_weekday,
        -- The fiscal year is named by the calendar year in which it begins.
        cast(extract(year from date_on - interval '{{ var("fiscal_year_start_month") - 1 }} months') as integer)
            as fiscal_year,
        cast(extract(quarter from date_on - interval '{{ var("fiscal_year_start_month") - 1 }} months') as integer)
            as fiscal_quarter,
        cast(extract(month from date_on - interval '{{ var("fiscal_year_start_month") - 1 }} months') as integer)
            as fiscal_month
    from days
)

select * from final

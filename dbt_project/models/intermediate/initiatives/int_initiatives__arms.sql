with
initiatives as (
    select * from {{ ref('initiatives') }}
),

measures as (
    select * from {{ ref('int_kpi__measures') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

-- Whole business days only: the day of as_of itself may have hours to come.
known_days as (
    select
        initiatives.initiative_id,
        min(measures.date_on) as first_on,
        cast({{ dbt.dateadd('day', -1, business_day(as_of())) }} as date) as last_on
    from initiatives
    inner join kpi_catalogue on initiatives.kpi_id = kpi_catalogue.kpi_id
    inner join measures on measures.measure in (kpi_catalogue.numerator_measure, kpi_catalogue.denominator_measure)
    group by initiatives.initiative_id
),

measured as (
    select
        initiatives.initiative_id,
        initiatives.kind,
        initiatives.control_values,
        initiatives.started_on,
        least(coalesce(initiatives.ended_on, known_days.last_on), known_days.last_on) as until_on,
        known_days.first_on
    from initiatives
    inner join known_days on initiatives.initiative_id = known_days.initiative_id
),

counted_days as (
    select
        *,
        {{ dbt.datediff('started_on', 'until_on', 'day') }} + 1 as days_since,
        {{ dbt.datediff('first_on', 'started_on', 'day') }} as days_until
    from measured
),

-- Before and after are equally many whole weeks that touch at the start, so that each weekday counts equally often.
windows as (
    select
        *,
        case
            when kind = 'ab' then greatest(days_since, 0)
            else greatest(cast(floor(least(days_since, days_until) / 7.0) as integer) * 7, 0)
        end as days
    from counted_days
),

phases as (
    select
        initiative_id,
        control_values,
        'after' as phase,
        days,
        started_on as from_on,
        cast({{ dbt.dateadd('day', 'days - 1', 'started_on') }} as date) as to_on
    from windows
    union all
    select
        initiative_id,
        control_values,
        'before' as phase,
        days,
        cast({{ dbt.dateadd('day', '-days', 'started_on') }} as date) as from_on,
        cast({{ dbt.dateadd('day', -1, 'started_on') }} as date) as to_on
    from windows
    where kind = 'before_after'
),

-- A year is taken as 52 weeks, so that the weekdays stay.
final as (
    select
        initiative_id,
        'treated' as side,
        phase,
        case when phase = 'after' then 1 else -1 end as sign,
        days,
        from_on,
        to_on
    from phases
    union all
    select
        initiative_id,
        'control' as side,
        phase,
        case when phase = 'after' then -1 else 1 end as sign,
        days,
        case
            when control_values = 'previous_year' then cast({{ dbt.dateadd('day', -364, 'from_on') }} as date)
            else from_on
        end as from_on,
        case
            when control_values = 'previous_year' then cast({{ dbt.dateadd('day', -364, 'to_on') }} as date)
            else to_on
        end as to_on
    from phases
)

select * from final

{#- Each leg: when it begins, when it ends, and how the two times are known ('recorded' for times that are what they are). -#}
{%- set legs = {
    'form_to_touch': ['created_at', 'first_touch_at', "'recorded'", "'recorded'"],
    'mql_to_sal': ['mql_at', 'reply_at', 'mql_reason', 'sal_reason'],
    'sal_to_sql': ['sal_at', 'sql_at', 'sal_reason', 'sql_reason'],
    'mql_to_sql': ['mql_at', 'sql_at', 'mql_reason', 'sql_reason'],
} -%}
{#- Who has a wait of the leg. Only who sent a form (the journey has a content then) waits for an answer to it; a bought list
    does not. Of a journey that no tool would tell a try of, nobody knows whether it waits. -#}
{%- set waiters = {
    'form_to_touch': 'content_id is not null and is_try_told',
    'mql_to_sal': 'mql_at is not null and is_reply_told',
    'sal_to_sql': 'sal_at is not null',
    'mql_to_sql': 'mql_at is not null',
} -%}
{%- set limits = {'10_minutes': 10, '2_hours': 120, '24_hours': 1440} -%}

with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

watched_journeys as (
    select * from {{ ref('int_lifecycle__watched_journeys') }}
),

activities as (
    select * from {{ ref('int_lifecycle__activities') }}
    where is_completed and is_with_person
),

stage_definitions as (
    select * from {{ ref('stage_definitions') }}
),

business_days as (
    select * from {{ ref('int_calendar__business_days') }}
),

response_time_slas as (
    select
        *,
        lead(valid_from) over (partition by leg, conversion_point order by valid_from) as replaced_on
    from {{ ref('response_time_slas') }}
),

-- How far before MQL a try still counts (SAL; the clocks of tools differ).
tolerances as (
    select
        definition_version,
        max(parameter) as hours
    from stage_definitions
    where stage = 'sal' and rule = 'touch_within_hours'
    group by definition_version
),

tries as (
    select
        lifecycle.lead_id,
        min(activities.occurred_at) as tried_at
    from lifecycle
    left join tolerances on lifecycle.definition_version = tolerances.definition_version
    inner join activities
        on
            lifecycle.lead_id = activities.lead_id
            and activities.occurred_at >= {{ dbt.dateadd('hour', '-coalesce(tolerances.hours, 0)', 'lifecycle.mql_at') }}
    group by lifecycle.lead_id
),

-- Sales answers an MQL by SAL. SAL wants a try in time: who accepted but tried later answered late, and who closed the
-- lead after a try said no. The CRM keeps no time of either, so that the try is when sales answered.
replied as (
    select
        lifecycle.*,
        watched_journeys.is_try_told,
        watched_journeys.is_reply_told,
        coalesce(
            lifecycle.sal_at, case when journeys.is_accepted or journeys.is_rejected then tries.tried_at end
        ) as reply_at,
        lifecycle.sal_at is null and journeys.is_rejected as is_reply_no
    from lifecycle
    inner join journeys on lifecycle.lead_id = journeys.lead_id
    inner join watched_journeys on lifecycle.lead_id = watched_journeys.lead_id
    left join tries on lifecycle.lead_id = tries.lead_id
),

legs as (
    {% for leg, (start, end, start_reason, end_reason) in legs.items() %}
    select
        lead_id,
        '{{ leg }}' as leg,
        owner_id,
        channel,
        campaign_id,
        content_id,
        segment,
        conversion_point,
        {{ start }} as started_at,
        {{ end }} as recorded_end_at,
        'implied' in ({{ start_reason }}, coalesce({{ end_reason }}, '')) as is_implied,
        coalesce({{ end }} < {{ start }}, false) or 'moved' in ({{ start_reason }}, coalesce({{ end_reason }}, ''))
            as is_clock_skewed,
        coalesce(next_journey_at, {{ as_of() }}) as given_up_at,
        {{ "is_reply_no" if leg == 'mql_to_sal' else 'false' }} as is_no
    from replied
    where {{ waiters[leg] }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Who waits stops waiting when the person's next journey begins. A clock that runs behind gives no negative time.
bounded as (
    select
        *,
        case when recorded_end_at is not null then greatest(started_at, recorded_end_at) end as ended_at,
        greatest(started_at, coalesce(recorded_end_at, least(given_up_at, {{ as_of() }}))) as watched_until,
        case
            when recorded_end_at is not null and is_no then 'rejected'
            when recorded_end_at is not null then 'answered'
            when given_up_at < {{ as_of() }} then 'given_up'
            else 'waiting'
        end as response_state
    from legs
),

measured as (
    select
        bounded.*,
        started_day.date_on as started_on,
        started_day.iso_weekday as started_weekday,
        started_day.is_business_day as is_started_on_business_day,
        started_day.holiday_name as started_holiday_name,
        cast(extract(hour from {{ business_time('bounded.started_at') }}) as integer) as started_hour,
        coalesce(
            bounded.started_at >= started_day.opens_at and bounded.started_at < started_day.closes_at, false
        ) as is_started_in_working_hours,
        {{ minutes_between('bounded.started_at', 'bounded.watched_until') }} as watched_calendar_minutes,
        round(
            {{ working_minutes_until('bounded.watched_until', 'last_day') }}
            - ({{ working_minutes_until('bounded.started_at', 'started_day') }}),
            6
        ) as watched_business_minutes
    from bounded
    left join business_days as started_day on {{ business_day('bounded.started_at') }} = started_day.date_on
    left join business_days as last_day on {{ business_day('bounded.watched_until') }} = last_day.date_on
),

judged as (
    select
        measured.*,
        response_time_slas.hours_kind as sla_hours_kind,
        response_time_slas.limit_minutes as sla_limit_minutes,
        case response_time_slas.hours_kind
            when 'calendar' then measured.watched_calendar_minutes
            when 'business' then measured.watched_business_minutes
        end as sla_minutes
    from measured
    left join response_time_slas
        on
            measured.leg = response_time_slas.leg
            and response_time_slas.conversion_point in (measured.conversion_point, 'any')
            and measured.started_on >= response_time_slas.valid_from
            and (response_time_slas.replaced_on is null or measured.started_on < response_time_slas.replaced_on)
),

-- Whoever still waits within a limit is not judged by it yet.
final as (
    select
        lead_id,
        leg,
        owner_id,
        channel,
        campaign_id,
        content_id,
        segment,
        conversion_point,
        started_at,
        ended_at,
        watched_until,
        response_state,
        is_implied,
        is_clock_skewed,
        started_on,
        started_weekday,
        started_hour,
        is_started_on_business_day,
        is_started_in_working_hours,
        started_holiday_name,
        case when ended_at is not null then watched_calendar_minutes end as calendar_minutes,
        case when ended_at is not null then watched_business_minutes end as business_minutes,
        watched_calendar_minutes,
        watched_business_minutes,
        {% for name, minutes in limits.items() -%}
        case
            when ended_at is not null then watched_calendar_minutes <= {{ minutes }}
            when watched_calendar_minutes > {{ minutes }} then false
        end as is_within_{{ name }},
        {% endfor -%}
        sla_hours_kind,
        sla_limit_minutes,
        case
            when sla_minutes > sla_limit_minutes then true
            when ended_at is not null and sla_minutes is not null then false
        end as is_breach,
        case when sla_minutes > sla_limit_minutes then sla_minutes - sla_limit_minutes end as minutes_over
    from judged
)

select * from final

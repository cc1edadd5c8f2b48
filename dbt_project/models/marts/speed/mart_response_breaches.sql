{#- The reasons of the seed response_breach_reasons; the rule of each stands in `explained`. -#}
{%- set reasons = [
    'clock_skewed', 'owner_missing', 'owner_inactive', 'unreachable', 'not_accepted', 'stage_skipped', 'reassigned',
    'calls_unsuccessful', 'on_day_off', 'outside_hours', 'owner_overloaded', 'never_tried',
] -%}

with
response_times as (
    select * from {{ ref('fct_response_times') }}
),

journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

owners as (
    select * from {{ ref('dim_owner') }}
),

owner_spans as (
    select * from {{ ref('int_lifecycle__owner_spans') }}
    where owner_id is not null
),

activities as (
    select * from {{ ref('int_lifecycle__activities') }}
    where is_completed and is_with_person
),

calls as (
    select * from {{ ref('fct_calls') }}
),

reachable_persons as (
    select * from {{ ref('int_lifecycle__reachable_persons') }}
),

response_breach_reasons as (
    select * from {{ ref('response_breach_reasons') }}
),

breaches as (
    select * from response_times
    where is_breach
),

load_changes as (
    select
        leg,
        owner_id,
        started_at as changed_at,
        1 as change
    from response_times
    union all
    select
        leg,
        owner_id,
        watched_until as changed_at,
        -1 as change
    from response_times
    where response_state != 'waiting'
),

-- How many waits of a leg each owner has once all that begins or ends at a moment has done so.
loads as (
    select distinct
        leg,
        owner_id,
        changed_at,
        sum(change) over (
            partition by leg, owner_id order by changed_at range between unbounded preceding and current row
        ) as open_waits
    from load_changes
),

-- A capacity is told per day, so that the day's new waits are held against it.
daily_loads as (
    select
        leg,
        owner_id,
        started_on,
        count(*) as new_waits
    from response_times
    group by leg, owner_id, started_on
),

hands as (
    select
        lead_id,
        owner_id,
        from_at,
        to_at
    from owner_spans
    union all
    select
        lead_id,
        owner_id,
        occurred_at as from_at,
        occurred_at as to_at
    from activities
    where owner_id is not null
),

reassigned as (
    select distinct
        breaches.lead_id,
        breaches.leg
    from breaches
    inner join hands
        on
            breaches.lead_id = hands.lead_id
            and breaches.owner_id != hands.owner_id
            and hands.from_at <= breaches.watched_until
            and (hands.to_at is null or hands.to_at >= breaches.started_at)
),

tries as (
    select
        breaches.lead_id,
        breaches.leg,
        count(*) as try_count,
        -- The try that ends a wait explains nothing of it.
        count(calls.call_id) filter (where activities.occurred_at < breaches.watched_until) as call_count,
        count(*) filter (where calls.is_connected and activities.occurred_at < breaches.watched_until) as connected_count
    from breaches
    inner join activities
        on
            breaches.lead_id = activities.lead_id
            and activities.occurred_at >= breaches.started_at
            and activities.occurred_at <= breaches.watched_until
    left join calls on activities.activity_id = calls.call_id
    group by breaches.lead_id, breaches.leg
),

described as (
    select
        breaches.*,
        owners.owner_state,
        owners.daily_capacity as owner_daily_capacity,
        -- The wait itself is one of them.
        cast(loads.open_waits - 1 as bigint) as owner_open_waits,
        daily_loads.new_waits as owner_new_waits,
        not coalesce(reachable_persons.has_phone, false) as is_phone_missing,
        coalesce(reachable_persons.first_bounced_at <= breaches.watched_until, false) as is_mail_bounced,
        reassigned.lead_id is not null as is_reassigned,
        journeys.is_accepted,
        coalesce(tries.try_count, 0) as try_count,
        coalesce(tries.call_count, 0) as call_count,
        coalesce(tries.connected_count, 0) as connected_count
    from breaches
    left join journeys on breaches.lead_id = journeys.lead_id
    left join tries on breaches.lead_id = tries.lead_id and breaches.leg = tries.leg
    left join owners on breaches.owner_id = owners.owner_id
    left join loads
        on
            breaches.leg = loads.leg
            and breaches.owner_id = loads.owner_id
            and breaches.started_at = loads.changed_at
    left join daily_loads
        on
            breaches.leg = daily_loads.leg
            and breaches.owner_id = daily_loads.owner_id
            and breaches.started_on = daily_loads.started_on
    left join reassigned on breaches.lead_id = reassigned.lead_id and breaches.leg = reassigned.leg
    left join reachable_persons on journeys.person_id = reachable_persons.person_id
),

-- Time off explains nothing where the limit counts working time only.
explained as (
    select
        *,
        owner_id is null as is_owner_missing,
        coalesce(owner_state != 'active', false) as is_owner_inactive,
        is_phone_missing and is_mail_bounced as is_unreachable,
        leg = 'mql_to_sal' and ended_at is null and try_count > 0 and not is_accepted as is_not_accepted,
        is_implied as is_stage_skipped,
        call_count > 0 and connected_count = 0 as is_calls_unsuccessful,
        sla_hours_kind = 'calendar' and not is_started_on_business_day as is_on_day_off,
        sla_hours_kind = 'calendar' and is_started_on_business_day and not is_started_in_working_hours
            as is_outside_hours,
        coalesce(owner_new_waits > owner_daily_capacity, false) as is_owner_overloaded,
        try_count = 0 as is_never_tried
    from described
),

found_reasons as (
    {% for reason in reasons %}
    select
        lead_id,
        leg,
        '{{ reason }}' as reason
    from explained
    where is_{{ reason }}
    union all
    {% endfor %}
    select
        lead_id,
        leg,
        'unexplained' as reason
    from explained
    where not (is_{{ reasons | join(' or is_') }})
),

ranked_reasons as (
    select
        found_reasons.lead_id,
        found_reasons.leg,
        min_by(response_breach_reasons.reason, response_breach_reasons.priority) as main_reason,
        {{ dbt.listagg('response_breach_reasons.reason', "', '", 'order by response_breach_reasons.priority') }}
            as reasons
    from found_reasons
    inner join response_breach_reasons on found_reasons.reason = response_breach_reasons.reason
    group by found_reasons.lead_id, found_reasons.leg
),

final as (
    select
        explained.lead_id,
        explained.leg,
        explained.owner_id,
        explained.channel,
        explained.segment,
        explained.conversion_point,
        explained.started_at,
        explained.ended_at,
        explained.response_state,
        explained.watched_calendar_minutes,
        explained.watched_business_minutes,
        explained.sla_hours_kind,
        explained.sla_limit_minutes,
        explained.minutes_over,
        ranked_reasons.main_reason,
        response_breach_reasons.label_en as main_reason_en,
        response_breach_reasons.label_ja as main_reason_ja,
        ranked_reasons.reasons,
        {% for reason in reasons -%}
        explained.is_{{ reason }},
        {% endfor -%}
        explained.started_holiday_name,
        explained.is_phone_missing,
        explained.is_mail_bounced,
        explained.try_count,
        explained.call_count,
        explained.connected_count,
        explained.owner_open_waits,
        explained.owner_new_waits,
        explained.owner_daily_capacity
    from explained
    left join ranked_reasons on explained.lead_id = ranked_reasons.lead_id and explained.leg = ranked_reasons.leg
    left join response_breach_reasons on ranked_reasons.main_reason = response_breach_reasons.reason
)

select * from final

with
definitions as (
    select * from {{ ref('micro_conversions') }}
),

subject_events as (
    select * from {{ ref('int_micro_conversion__subject_events') }}
),

matches as (
    select * from {{ ref('int_micro_conversion__matches') }}
    where conversion_kind = 'micro'
),

finals as (
    select * from {{ ref('int_micro_conversion__finals') }}
),

-- Conditions are met within one session; an event elsewhere stands for itself.
counted as (
    select
        subject_events.*,
        definitions.mcv_id,
        definitions.final_conversion,
        definitions.minimum_count,
        definitions.minimum_value,
        definitions.minimum_dwell_seconds,
        definitions.minimum_scroll_percent,
        coalesce(subject_events.session_id, subject_events.event_id) as occasion_id
    from subject_events
    inner join matches
        on
            subject_events.event_name = matches.event_name
            and subject_events.content_id is not distinct from matches.content_id
    inner join definitions
        on
            matches.conversion_id = definitions.mcv_id
            and {{ business_day('subject_events.occurred_at') }} >= definitions.valid_from
            and coalesce({{ business_day('subject_events.occurred_at') }} <= definitions.valid_to, true)
),

running as (
    select
        *,
        count(*) over so_far as event_count,
        sum(value) over so_far as summed_value,
        -- As decimals: a sum of doubles depends on their order.
        sum(cast(dwell_seconds as decimal(18, 3))) over so_far as summed_dwell_seconds,
        max(scroll_percent) over so_far as greatest_scroll_percent
    from counted
    window
        so_far as (
            partition by mcv_id, occasion_id
            order by occurred_at asc, event_id asc
            rows between unbounded preceding and current row
        )
),

-- The event with which the last condition came true.
reached as (
    select *
    from running
    where
        event_count >= minimum_count
        and coalesce(summed_value >= minimum_value, minimum_value is null)
        and coalesce(summed_dwell_seconds >= minimum_dwell_seconds, minimum_dwell_seconds is null)
        and coalesce(greatest_scroll_percent >= minimum_scroll_percent, minimum_scroll_percent is null)
    qualify row_number() over (partition by mcv_id, occasion_id order by occurred_at asc, event_id asc) = 1
),

final as (
    select
        {{ surrogate_key(['reached.mcv_id', 'reached.occasion_id']) }} as micro_conversion_id,
        reached.mcv_id,
        reached.subject_id,
        reached.person_id,
        reached.account_id,
        reached.visitor_id,
        reached.session_id,
        coalesce(reached.channel, 'unattributed') as channel,
        coalesce(reached.campaign_id, 'unattributed') as campaign_id,
        coalesce(reached.content_id, 'unattributed') as content_id,
        reached.final_conversion,
        reached.event_count,
        cast(reached.summed_value as decimal(18, 2)) as value,
        coalesce(reached.occurred_at < finals.converted_at, true) as is_before_conversion,
        row_number() over (
            partition by reached.mcv_id, reached.subject_id
            order by reached.occurred_at asc, reached.event_id asc
        ) as reach_number,
        {{ business_day('reached.occurred_at') }} as reached_on,
        reached.occurred_at as reached_at,
        finals.converted_at
    from reached
    left join finals
        on
            reached.final_conversion = finals.final_conversion
            and reached.subject_id = finals.subject_id
)

select * from final

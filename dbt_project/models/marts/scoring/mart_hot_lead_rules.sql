with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

hot_leads as (
    select * from {{ ref('fct_hot_leads') }}
),

rules as (
    select * from {{ ref('hot_lead_rules') }}
),

-- Each group says from when on its journeys are watched: from the rule's moment, or for those who were never hot from
-- their creation. score_only, behaviour_only, both and neither share out all journeys.
members as (
    select 'rule' as group_type, rule_id as group_id, lead_id, hot_at as watched_from_at from hot_leads
    union all
    select 'kind' as group_type, 'score' as group_id, lead_id, hot_by_score_at as watched_from_at from lifecycle
    where hot_by_score_at is not null
    union all
    select 'kind' as group_type, 'behaviour' as group_id, lead_id, hot_by_behaviour_at as watched_from_at from lifecycle
    where hot_by_behaviour_at is not null
    union all
    select
        'overlap' as group_type,
        case
            when hot_by_score_at is not null and hot_by_behaviour_at is not null then 'both'
            when hot_by_score_at is not null then 'score_only'
            when hot_by_behaviour_at is not null then 'behaviour_only'
            else 'neither'
        end as group_id,
        lead_id,
        coalesce(hot_at, created_at) as watched_from_at
    from lifecycle
),

followed as (
    select
        members.group_type,
        members.group_id,
        lifecycle.hot_by_score_at is not null and lifecycle.hot_by_behaviour_at is not null as is_hot_by_both,
        lifecycle.last_meeting_at >= members.watched_from_at as has_meeting,
        lifecycle.sql_at >= members.watched_from_at as has_sql,
        lifecycle.won_at >= members.watched_from_at as has_order,
        case
            when lifecycle.meeting_at >= members.watched_from_at
                then {{ minutes_between('members.watched_from_at', 'lifecycle.meeting_at') }}
        end as minutes_to_meeting
    from members
    inner join lifecycle on members.lead_id = lifecycle.lead_id
),

counted as (
    select
        group_type,
        group_id,
        count(*) as journeys,
        count(*) filter (where is_hot_by_both) as journeys_hot_by_both,
        count(*) filter (where has_meeting) as journeys_with_meeting,
        count(*) filter (where has_sql) as journeys_with_sql,
        count(*) filter (where has_order) as journeys_with_order,
        median(minutes_to_meeting) as median_minutes_to_meeting
    from followed
    group by group_type, group_id
),

-- A rule that nobody met yet stands in the list too.
groups as (
    select 'rule' as group_type, rule_id as group_id, kind, label_en, label_ja from rules
    union all
    select named.group_type, named.group_id, named.kind, named.label_en, named.label_ja
    from (
        values
        ('kind', 'score', 'score', 'Hot by score', 'スコアでホット'),
        ('kind', 'behaviour', 'behaviour', 'Hot by behaviour', '行動でホット'),
        ('overlap', 'both', null, 'Hot by both', '両方でホット'),
        ('overlap', 'score_only', null, 'Hot by score only', 'スコアのみ'),
        ('overlap', 'behaviour_only', null, 'Hot by behaviour only', '行動のみ'),
        ('overlap', 'neither', null, 'Never hot', 'ホットでない')
    ) as named (group_type, group_id, kind, label_en, label_ja)
),

final as (
    select
        groups.group_type,
        groups.group_id,
        groups.kind,
        groups.label_en,
        groups.label_ja,
        coalesce(counted.journeys, 0) as journeys,
        coalesce(counted.journeys_hot_by_both, 0) as journeys_hot_by_both,
        coalesce(counted.journeys_with_meeting, 0) as journeys_with_meeting,
        counted.journeys_with_meeting / nullif(counted.journeys, 0) as meeting_rate,
        {{ wilson_low('counted.journeys_with_meeting', 'counted.journeys') }} as meeting_rate_low,
        {{ wilson_high('counted.journeys_with_meeting', 'counted.journeys') }} as meeting_rate_high,
        coalesce(counted.journeys_with_sql, 0) as journeys_with_sql,
        counted.journeys_with_sql / nullif(counted.journeys, 0) as sql_rate,
        coalesce(counted.journeys_with_order, 0) as journeys_with_order,
        counted.journeys_with_order / nullif(counted.journeys, 0) as order_rate,
        counted.median_minutes_to_meeting
    from groups
    left join counted on groups.group_type = counted.group_type and groups.group_id = counted.group_id
)

select * from final

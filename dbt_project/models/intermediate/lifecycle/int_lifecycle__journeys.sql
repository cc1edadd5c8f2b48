with
lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
),

events as (
    select * from {{ ref('int_canonical__events') }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

conversion_points as (
    select * from {{ ref('int_lifecycle__conversion_points') }}
),

conversion_point_rules as (
    select * from {{ ref('conversion_points') }}
),

-- Channel and campaign come from the earliest record that has one, the owner from the latest CRM or file lead, or
-- from the latest MA contact where there is no such lead. The MQL mark is the CRM lead's, else the MA contact's, else the
-- file's.
journeys as (
    select
        lead_id,
        person_id,
        journey_number,
        min(created_at) as created_at,
        min_by(channel, record_rank) filter (where channel is not null and channel != 'unattributed') as channel,
        min_by(campaign_id, record_rank) filter (where campaign_id is not null) as campaign_id,
        min_by(content_id, record_rank) filter (where content_id is not null) as content_id,
        min_by(lead_kind, record_rank) as first_lead_kind,
        case
            when bool_or(can_begin_journey)
                then max_by(owner_id, record_rank) filter (where can_begin_journey and owner_id is not null)
            else max_by(owner_id, record_rank) filter (where owner_id is not null)
        end as owner_id,
        coalesce(
            min(mql_at) filter (where lead_kind = 'crm'),
            min(mql_at) filter (where lead_kind = 'ma'),
            min(mql_at) filter (where lead_kind = 'file')
        ) as mql_marked_at,
        min(sal_at) as sal_marked_at,
        min(sql_at) as sql_marked_at,
        min(budget_confirmed_at) as budget_confirmed_at,
        min(authority_confirmed_at) as authority_confirmed_at,
        min(need_confirmed_at) as need_confirmed_at,
        min(timeline_confirmed_at) as timeline_confirmed_at,
        min(next_step_agreed_at) as next_step_agreed_at,
        bool_or(is_accepting) as is_accepted,
        bool_or(is_recycled) as is_recycled,
        bool_or(is_rejecting) and not bool_or(is_accepting) as is_rejected,
        count(*) as record_count
    from lead_records
    group by lead_id, person_id, journey_number
),

neighbouring as (
    select
        *,
        lag(created_at) over neighbours as previous_created_at,
        lead(created_at) over neighbours as next_created_at
    from journeys
    window neighbours as (partition by person_id order by journey_number)
),

-- A web tracker sees the submission too, but only the form tool knows which form it was.
submissions as (
    select
        record_person.person_id,
        events.content_id,
        events.occurred_at
    from events
    inner join record_person
        on
            events.person_record_key
            = {{ record_key('record_person.source_system', 'record_person.record_type', 'record_person.record_id') }}
    where events.event_name = 'form_submit' and not starts_with(events.content_id, '/')
),

-- The person's first submission counts for the first journey; a later journey has its own first one, made since the
-- journey before it began. A submission up to a day after the lead's creation still explains the lead.
first_submissions as (
    select
        neighbouring.lead_id,
        min_by(submissions.content_id, (submissions.occurred_at, submissions.content_id)) as content_id
    from neighbouring
    inner join submissions
        on
            neighbouring.person_id = submissions.person_id
            and submissions.occurred_at <= {{ dbt.dateadd('day', 1, 'neighbouring.created_at') }}
            and (
                neighbouring.previous_created_at is null
                or submissions.occurred_at > {{ dbt.dateadd('day', 1, 'neighbouring.previous_created_at') }}
            )
    group by neighbouring.lead_id
),

-- Of the conversion rules that the journey's attributes match, the first decides.
conversions as (
    select
        neighbouring.lead_id,
        least(of_content.rule_order, of_campaign.rule_order, of_channel.rule_order, of_lead_kind.rule_order)
            as rule_order
    from neighbouring
    left join first_submissions on neighbouring.lead_id = first_submissions.lead_id
    left join conversion_points as of_content
        on
            of_content.attribute = 'content'
            and coalesce(first_submissions.content_id, neighbouring.content_id) = of_content.value
    left join conversion_points as of_campaign
        on of_campaign.attribute = 'campaign' and neighbouring.campaign_id = of_campaign.value
    left join conversion_points as of_channel
        on of_channel.attribute = 'channel' and neighbouring.channel = of_channel.value
    left join conversion_points as of_lead_kind
        on of_lead_kind.attribute = 'lead_kind' and neighbouring.first_lead_kind = of_lead_kind.value
),

final as (
    select
        neighbouring.lead_id,
        neighbouring.person_id,
        persons.account_id,
        neighbouring.owner_id,
        neighbouring.journey_number,
        neighbouring.record_count,
        neighbouring.is_accepted,
        neighbouring.is_recycled,
        neighbouring.is_rejected,
        neighbouring.created_at,
        neighbouring.next_created_at,
        neighbouring.mql_marked_at,
        neighbouring.sal_marked_at,
        neighbouring.sql_marked_at,
        neighbouring.budget_confirmed_at,
        neighbouring.authority_confirmed_at,
        neighbouring.need_confirmed_at,
        neighbouring.timeline_confirmed_at,
        neighbouring.next_step_agreed_at,
        coalesce(neighbouring.channel, 'unattributed') as channel,
        coalesce(neighbouring.campaign_id, 'unattributed') as campaign_id,
        coalesce(first_submissions.content_id, neighbouring.content_id) as content_id,
        coalesce(conversion_point_rules.conversion_point, 'unattributed') as conversion_point
    from neighbouring
    left join first_submissions on neighbouring.lead_id = first_submissions.lead_id
    left join conversions on neighbouring.lead_id = conversions.lead_id
    left join conversion_point_rules on conversions.rule_order = conversion_point_rules.rule_order
    left join persons on neighbouring.person_id = persons.person_id
)

select * from final

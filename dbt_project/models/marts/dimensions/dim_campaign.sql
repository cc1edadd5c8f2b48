with
campaigns as (
    select * from {{ ref('int_canonical__campaigns') }}
),

leads as (
    select * from {{ ref('int_canonical__leads') }}
),

events as (
    select * from {{ ref('fct_events') }}
),

costs as (
    select * from {{ ref('fct_costs') }}
),

-- Codes that stand in links, leads or cost lines without any tool knowing the campaign.
seen as (
    select campaign_id from campaigns
    union
    select campaign_id from leads
    union
    select campaign_id from events
    union
    select campaign_id from costs
    union
    select 'unattributed' as campaign_id
),

known as (
    select
        campaign_id,
        arg_min(campaign_name, (precedence, source_system, record_id)) as campaign_name,
        arg_min(channel, (precedence, source_system, record_id)) as channel,
        min(started_on) as started_on,
        max(ended_on) as ended_on,
        max(budget) as budget
    from campaigns
    group by campaign_id
),

final as (
    select
        seen.campaign_id,
        coalesce(known.campaign_name, seen.campaign_id) as campaign_name,
        known.channel,
        known.started_on,
        known.ended_on,
        known.budget
    from seen
    left join known
        on seen.campaign_id = known.campaign_id
    where seen.campaign_id is not null
)

select * from final

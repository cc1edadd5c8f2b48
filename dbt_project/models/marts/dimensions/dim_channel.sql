with
channels as (
    select * from {{ ref('channels') }}
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

seen as (
    select channel from channels
    union
    select channel from leads
    union
    select channel from events
    union
    select channel from costs
),

final as (
    select
        seen.channel as channel_id,
        coalesce(channels.label_en, seen.channel) as channel_name,
        coalesce(channels.label_ja, seen.channel) as channel_name_ja,
        channels.channel is not null as is_standard,
        coalesce(cast(channels.sort_order as integer), 1000) as sort_order
    from seen
    left join channels
        on seen.channel = channels.channel
    where seen.channel is not null
)

select * from final

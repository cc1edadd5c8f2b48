{{ config(tags=['identity_gate']) }}

with
ga4_events as (
    select * from {{ ref('stg_ga4__events') }}
),

collector_events as (
    select * from {{ ref('stg_collector__events') }}
),

file_events as (
    select * from {{ ref('stg_files__events') }}
),

channel_rules as (
    select * from {{ ref('channel_rules') }}
),

traffic as (
    select traffic_source, coalesce(traffic_medium, '') as traffic_medium
    from ga4_events
    where traffic_source is not null

    union

    select traffic_source, coalesce(traffic_medium, '') as traffic_medium
    from collector_events
    where traffic_source is not null

    union

    select
        {{ url_parameter('url', 'utm_source') }} as traffic_source,
        coalesce({{ url_parameter('url', 'utm_medium') }}, '') as traffic_medium
    from file_events
    where {{ url_parameter('url', 'utm_source') }} is not null
),

-- The first matching rule wins.
ruled as (
    select
        traffic.traffic_source,
        traffic.traffic_medium,
        arg_min(channel_rules.channel, channel_rules.rule_order) as channel
    from traffic
    inner join channel_rules
        on
            {{ matches('lower(traffic.traffic_source)', 'channel_rules.source_pattern') }}
            and {{ matches('lower(traffic.traffic_medium)', 'channel_rules.medium_pattern') }}
    group by traffic.traffic_source, traffic.traffic_medium
),

-- Direct is the absence of a source: a hit that says so carries none, and must not hide the next one's.
final as (
    select
        traffic_source,
        traffic_medium,
        channel
    from ruled
    where channel <> 'direct'
)

select * from final

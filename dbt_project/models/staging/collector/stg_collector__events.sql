{%- set waits_at_most = "interval '30 days'" -%}

-- A table: three models read it, and sorting out repeats is the dear part.
{{ config(materialized='table') }}

with
source as (
    select * from {{ source('raw', 'collector__events') }}
),

-- A browser sends again what was not answered: the first receipt counts, whose clocks stand closest to the event.
first_received as (
    select *
    from source
    where _delivered_at <= {{ as_of() }}
    qualify
        row_number() over (
            partition by _source, event_id
            order by received_at asc, _delivered_at asc, _file asc, _row_number asc
        ) = 1
),

-- Snowplow's derived time: where the browser's clock is off as it sends, what it tells is off by the same.
timed as (
    select
        *,
        case
            when {{ minutes_between('sent_at', 'received_at') }} between -1 and 1 then occurred_at
            else coalesce(occurred_at + (received_at - sent_at), occurred_at)
        end as told_at
    from first_received
),

-- Whose pages a collector takes events of, as browsers told by their `Origin`.
own_hosts as (
    select distinct
        _source,
        {{ url_host("'https://' || site") }} as own_host
    from first_received
    where site is not null
),

hosts as (
    select
        timed.*,
        {{ url_host('timed.url') }} as hostname,
        {{ url_host('timed.referrer') }} as referrer_host,
        own_hosts.own_host is not null as is_from_own_host
    from timed
    left join own_hosts
        on
            timed._source = own_hosts._source
            and {{ url_host('timed.referrer') }} = own_hosts.own_host
),

visits as (
    select
        *,
        -- Only the view of a page tells where a visit came from, and only from another site.
        case when event_name = 'page_view' then url end as landing_url,
        case
            when
                event_name = 'page_view' and not is_from_own_host
                and not ends_with('.' || referrer_host, '.' || hostname)
                and not ends_with('.' || hostname, '.' || referrer_host)
                then referrer_host
        end as referring_host
    from hosts
),

-- Click ids of Google, Yahoo! JAPAN and Microsoft stand for their ads where the link has no UTM parameters.
traffic as (
    select
        *,
        {{ url_parameter('landing_url', 'utm_source') }} as utm_source,
        {{ url_parameter('landing_url', 'utm_medium') }} as utm_medium,
        {{ url_parameter('landing_url', 'utm_campaign') }} as utm_campaign,
        case
            when {{ url_parameter('landing_url', 'gclid') }} is not null then 'google'
            when {{ url_parameter('landing_url', 'yclid') }} is not null then 'yahoo'
            when {{ url_parameter('landing_url', 'msclkid') }} is not null then 'bing'
        end as advertiser
    from visits
),

final as (
    select
        -- ids
        _source as source_system,
        {{ surrogate_key(['_source', "'event'", 'event_id']) }} as event_id,
        event_id as sent_event_id,
        {{ cleaned('anonymous_id') }} as anonymous_id,
        {{ cleaned('user_id') }} as user_id,
        {{ cleaned('content_id') }} as content_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        -- Anybody can send an event: the names of what only other tools can know are not its to give.
        case
            when {{ matches(as_code('event_name'), "'^(call$|email_|webinar_)'") }}
                then 'web_' || {{ as_code('event_name') }}
            else coalesce({{ as_code('event_name') }}, 'unnamed')
        end as event_name,
        lower({{ cleaned('email') }}) as email,
        url as page_url,
        {{ cleaned('referrer') }} as referrer,
        hostname,
        coalesce(utm_source, advertiser, referring_host) as traffic_source,
        case
            when utm_source is not null then utm_medium
            when advertiser is not null then 'cpc'
            when referring_host is not null then 'referral'
        end as traffic_medium,
        utm_campaign as traffic_campaign,

        -- numbers; what nobody can have measured is none
        case when dwell_seconds between 0 and 86400 then dwell_seconds end as dwell_seconds,
        case when scroll_percent between 0 and 100 then cast(scroll_percent as bigint) end as scroll_percent,
        case when abs(value) < 1e12 then value end as event_value,

        -- times
        -- Not later than it was received; what claims to have waited longer than a browser keeps it, came then.
        case when told_at between received_at - {{ waits_at_most }} and received_at then told_at else received_at end
            as occurred_at
    from traffic
)

select * from final

{{ config(tags=['identity_gate']) }}

with
ga4_events as (
    select * from {{ ref('stg_ga4__events') }}
),

collector_events as (
    select * from {{ ref('stg_collector__events') }}
),

bot_signatures as (
    select * from {{ ref('bot_signatures') }}
),

-- The collector turns away browsers that are machines, and keeps no browser.
devices as (
    select
        coalesce(browser, '') as browser,
        coalesce(hostname, '') as hostname
    from ga4_events

    union

    select
        '' as browser,
        coalesce(hostname, '') as hostname
    from collector_events
),

final as (
    select distinct
        devices.browser,
        devices.hostname
    from devices
    inner join bot_signatures
        on
            case bot_signatures.field when 'browser' then devices.browser else devices.hostname end <> ''
            and {{
                matches(
                    "case bot_signatures.field when 'browser' then devices.browser else devices.hostname end",
                    'bot_signatures.pattern'
                )
            }}
)

select * from final

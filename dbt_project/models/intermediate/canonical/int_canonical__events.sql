with
ga4_events as (
    select * from {{ ref('stg_ga4__events') }}
),

collector_events as (
    select * from {{ ref('stg_collector__events') }}
),

collector_form_submissions as (
    select * from {{ ref('stg_collector__form_submissions') }}
),

form_submits as (
    select * from {{ ref('int_web__form_submits') }}
),

hubspot_email_events as (
    select * from {{ ref('stg_hubspot__email_events') }}
),

hubspot_form_submissions as (
    select * from {{ ref('stg_hubspot__form_submissions') }}
),

form_contents as (
    select * from {{ ref('int_canonical__form_contents') }}
),

zoom_attendees as (
    select * from {{ ref('int_canonical__seminar_attendees') }}
),

file_events as (
    select * from {{ ref('stg_files__events') }}
),

marketing_automation_events as (
    select * from {{ ref('int_marketing_automation__events') }}
),

activities as (
    select * from {{ ref('int_canonical__activities') }}
),

campaigns as (
    select * from {{ ref('int_canonical__campaigns') }}
),

event_names as (
    select * from {{ ref('event_names') }}
),

bot_devices as (
    select * from {{ ref('int_web__bot_devices') }}
),

traffic_channels as (
    select * from {{ ref('int_web__traffic_channels') }}
),

channel_mappings as (
    select * from {{ ref('channel_mappings') }}
),

ga4 as (
    select
        events.event_id,
        events.source_system,
        events.occurred_at,
        coalesce(event_names.event_name, events.event_name) as event_name,
        'web' as surface,
        events.anonymous_id,
        events.user_id,
        traffic_channels.channel,
        -- A campaign counts where the hit says where it came from. GA4 puts what is none in brackets: (organic).
        case
            when traffic_channels.channel is not null and not starts_with(events.traffic_campaign, '(')
                then lower({{ cleaned('events.traffic_campaign') }})
        end as campaign_id,
        -- A hit is about the call to action, form or file that it names, else about its page.
        coalesce(
            events.cta_id,
            form_contents.content_id,
            events.form_id,
            events.file_name,
            {{ url_path('events.page_url') }}
        ) as content_id,
        {{ url_path('events.page_url') }} as page_path,
        events.page_url as url,
        cast(events.event_value as decimal(18, 2)) as value,
        events.percent_scrolled as scroll_percent,
        cast(events.engagement_milliseconds as double) / 1000 as dwell_seconds,
        bot_devices.browser is not null as is_bot,
        events.source_file,
        events.source_row_number,
        {{ json_object({'referrer': 'events.referrer'}) }} as properties
    from ga4_events as events
    left join event_names
        on
            event_names.system = 'ga4'
            and events.event_name = event_names.source_event
    left join bot_devices
        on
            coalesce(events.browser, '') = bot_devices.browser
            and coalesce(events.hostname, '') = bot_devices.hostname
    left join traffic_channels
        on
            events.traffic_source = traffic_channels.traffic_source
            and coalesce(events.traffic_medium, '') = traffic_channels.traffic_medium
    left join form_contents
        on events.form_id = form_contents.form_id
),

-- The collector's source is a tracker, and its webhook names the person behind what the tracker saw.
collector as (
    select
        events.event_id,
        events.source_system,
        events.occurred_at,
        case
            -- A further try at a form, or a click more than was needed.
            when events.event_name = 'form_submission' and form_submits.event_id is null then 'form_submit_attempt'
            else coalesce(event_names.event_name, events.event_name)
        end as event_name,
        'web' as surface,
        events.anonymous_id,
        events.user_id,
        coalesce(submissions.email, events.email) as email,
        {{ record_key('events.source_system', "'subscriber'", 'coalesce(submissions.email, events.email)') }}
            as person_record_key,
        traffic_channels.channel,
        case when traffic_channels.channel is not null then lower({{ cleaned('events.traffic_campaign') }}) end
            as campaign_id,
        case
            when starts_with(events.event_name, 'form_')
                then coalesce(form_contents.content_id, events.source_system || ':' || events.content_id)
            else coalesce(events.content_id, {{ url_path('events.page_url') }})
        end as content_id,
        {{ url_path('events.page_url') }} as page_path,
        events.page_url as url,
        cast(events.event_value as decimal(18, 2)) as value,
        events.scroll_percent,
        events.dwell_seconds,
        bot_devices.hostname is not null as is_bot,
        events.source_file,
        events.source_row_number,
        {{ json_object({'referrer': 'events.referrer'}) }} as properties
    from collector_events as events
    left join event_names
        on
            event_names.system = 'collector'
            and events.event_name = event_names.source_event
    left join form_submits
        on events.event_id = form_submits.event_id
    left join collector_form_submissions as submissions
        on form_submits.form_submission_id = submissions.form_submission_id
    left join bot_devices
        on
            bot_devices.browser = ''
            and coalesce(events.hostname, '') = bot_devices.hostname
    left join traffic_channels
        on
            events.traffic_source = traffic_channels.traffic_source
            and coalesce(events.traffic_medium, '') = traffic_channels.traffic_medium
    left join form_contents
        on
            starts_with(events.event_name, 'form_')
            and events.content_id = form_contents.form_id
),

emails as (
    select
        {{ surrogate_key(['events.source_system', "'email'", 'events.email_event_id']) }} as event_id,
        events.source_system,
        events.occurred_at,
        case
            -- HubSpot: a STATUSCHANGE whose subscriptions became UNSUBSCRIBED is an unsubscribe.
            when events.event_type = 'STATUSCHANGE' and list_contains(events.subscription_statuses, 'UNSUBSCRIBED')
                then 'email_unsubscribed'
            else coalesce(event_names.event_name, 'email_' || lower(events.event_type))
        end as event_name,
        'email' as surface,
        -- Every event of a mail points to its SENT event, which stands for the mail.
        case
            when events.event_type = 'SENT'
                then {{ surrogate_key(['events.source_system', "'email'", 'events.email_event_id']) }}
            when events.sent_event_id is not null
                then {{ surrogate_key(['events.source_system', "'email'", 'events.sent_event_id']) }}
        end as message_event_id,
        events.recipient as email,
        {{ record_key('events.source_system', "'subscriber'", 'events.recipient') }} as person_record_key,
        'email' as channel,
        coalesce(campaigns.campaign_id, events.source_system || ':' || events.email_campaign_id) as campaign_id,
        events.source_system || ':' || events.email_campaign_id as content_id,
        events.url,
        events.is_filtered as is_bot
    from hubspot_email_events as events
    left join event_names
        on
            event_names.system = 'hubspot'
            and events.event_type = event_names.source_event
    left join campaigns
        on
            events.source_system = campaigns.source_system
            and events.email_campaign_id = campaigns.record_id
),

forms as (
    select
        form_submission_id as event_id,
        source_system,
        submitted_at as occurred_at,
        'form_submit' as event_name,
        'form' as surface,
        anonymous_id,
        email,
        {{ record_key('source_system', "'subscriber'", 'email') }} as person_record_key,
        lower({{ url_parameter('page_url', 'utm_campaign') }}) as campaign_id,
        source_system || ':' || form_id as content_id,
        page_url as url,
        source_file,
        source_row_number
    from hubspot_form_submissions

    union all

    -- What the tracker saw too is its event.
    select
        submissions.form_submission_id as event_id,
        submissions.source_system,
        submissions.submitted_at as occurred_at,
        'form_submit' as event_name,
        'form' as surface,
        submissions.anonymous_id,
        submissions.email,
        {{ record_key('submissions.source_system', "'subscriber'", 'submissions.email') }} as person_record_key,
        lower({{ url_parameter('submissions.page_url', 'utm_campaign') }}) as campaign_id,
        coalesce(form_contents.content_id, submissions.source_system || ':' || submissions.form_id) as content_id,
        submissions.page_url as url,
        submissions.source_file,
        submissions.source_row_number
    from collector_form_submissions as submissions
    inner join form_submits
        on
            submissions.form_submission_id = form_submits.form_submission_id
            and form_submits.event_id is null
    left join form_contents
        on submissions.form_id = form_contents.form_id
),

webinars as (
    select
        {{ pseudonym(['source_system', "'webinar_register'", 'webinar_id', 'attendee_email']) }} as event_id,
        source_system,
        min(registered_at) as occurred_at,
        'webinar_register' as event_name,
        webinar_id,
        attendee_email
    from zoom_attendees
    where registered_at is not null
    group by source_system, webinar_id, attendee_email

    union all by name

    select
        {{ pseudonym(['source_system', "'webinar_attend'", 'webinar_id', 'attendee_email']) }} as event_id,
        source_system,
        min(joined_at) as occurred_at,
        'webinar_attend' as event_name,
        webinar_id,
        attendee_email,
        cast(sum(minutes_in_session) as decimal(18, 2)) as value
    from zoom_attendees
    where is_attended and joined_at is not null
    group by source_system, webinar_id, attendee_email
),

webinar_events as (
    select
        webinars.event_id,
        webinars.source_system,
        webinars.occurred_at,
        webinars.event_name,
        'webinar' as surface,
        webinars.attendee_email as email,
        {{ record_key('webinars.source_system', "'attendee'", 'webinars.attendee_email') }} as person_record_key,
        'event' as channel,
        webinars.source_system || ':' || webinars.webinar_id as content_id,
        webinars.value
    from webinars
),

calls as (
    select
        activity_id as event_id,
        source_system,
        occurred_at,
        'call' as event_name,
        'call' as surface,
        coalesce(
            {{ record_key('source_system', "'lead'", 'lead_record_id') }},
            {{ record_key('source_system', "'contact'", 'contact_record_id') }},
            {{ record_key('source_system', "'person'", 'person_record_id') }}
        ) as person_record_key,
        cast(duration_seconds as decimal(18, 2)) as value,
        {{ json_object({'result': 'result', 'owner_id': 'owner_id'}) }} as properties
    from activities
    where activity_type = 'call' and is_completed
),

files as (
    select
        {{ surrogate_key(['events.source_system', "'event'", 'events.event_id']) }} as event_id,
        events.source_system,
        events.occurred_at,
        events.event_name,
        case when events.anonymous_id is not null then 'web' else 'other' end as surface,
        events.anonymous_id,
        events.user_id,
        events.email,
        {{ record_key('events.source_system', "'subscriber'", 'events.email') }} as person_record_key,
        coalesce(mappings.channel, events.channel, traffic_channels.channel) as channel,
        coalesce(events.campaign_id, lower({{ url_parameter('events.url', 'utm_campaign') }})) as campaign_id,
        coalesce(events.content_id, {{ url_path('events.url') }}) as content_id,
        {{ url_path('events.url') }} as page_path,
        events.url,
        events.value,
        {{ json_object({'referrer': 'events.referrer'}) }} as properties,
        events.source_file,
        events.source_row_number
    from file_events as events
    left join channel_mappings as mappings
        on
            mappings.system = 'files'
            and events.channel = mappings.source_value
    left join traffic_channels
        on
            {{ url_parameter('events.url', 'utm_source') }} = traffic_channels.traffic_source
            and coalesce({{ url_parameter('events.url', 'utm_medium') }}, '') = traffic_channels.traffic_medium
),

unioned as (
    select * from ga4
    union all by name
    select * from collector
    union all by name
    select * from emails
    union all by name
    select * from forms
    union all by name
    select * from webinar_events
    union all by name
    select * from marketing_automation_events
    union all by name
    select * from calls
    union all by name
    select * from files
),

final as (
    select
        -- ids
        event_id,
        source_system,
        anonymous_id,
        user_id,
        person_record_key,
        message_event_id,
        campaign_id,
        content_id,

        -- lineage
        source_file,
        source_row_number,

        -- text
        event_name,
        surface,
        email,
        channel,
        page_path,
        url,
        properties,

        -- numbers
        value,
        scroll_percent,
        dwell_seconds,

        -- booleans
        coalesce(is_bot, false) as is_bot,

        -- times
        occurred_at
    from unioned
    where occurred_at < {{ as_of() }}
)

select * from final

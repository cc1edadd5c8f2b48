-- The logs of tools that keep every kind of activity in one: what the seed event_names lists of it, in one shape.
with
marketo_activities as (
    select * from {{ ref('stg_marketo__activities') }}
),

surviving_leads as (
    select * from {{ ref('int_marketing_automation__surviving_leads') }}
),

marketo_emails as (
    select * from {{ ref('stg_marketo__emails') }}
),

visitor_activities as (
    select * from {{ ref('stg_account_engagement__visitor_activities') }}
),

event_names as (
    select * from {{ ref('event_names') }}
),

-- A loser's activities are the winner's.
marketo as (
    select
        activities.source_system,
        activities.activity_id,
        activities.occurred_at,
        event_names.event_name,
        'lead' as record_type,
        coalesce(surviving_leads.surviving_lead_id, activities.lead_id) as record_id,
        case
            when starts_with(event_names.event_name, 'email_') then 'email-' || activities.asset_id
            when starts_with(event_names.event_name, 'form_') then 'form-' || activities.asset_id
        end as asset_id,
        'program-' || emails.program_id as campaign_record_id,
        lower(coalesce(
            {{ url_parameter('activities.page_url', 'utm_campaign') }},
            {{ url_parameter("'?' || activities.query_parameters", 'utm_campaign') }}
        )) as utm_campaign,
        coalesce(activities.link_url, activities.page_url) as url,
        activities.new_value as value,
        activities.is_bot,
        false as is_delivery_implied
    from marketo_activities as activities
    inner join event_names
        on
            event_names.system = 'marketo'
            and activities.activity_type_id = event_names.source_event
    left join surviving_leads
        on
            activities.source_system = surviving_leads.source_system
            and activities.lead_id = surviving_leads.loser_lead_id
    left join marketo_emails as emails
        on
            starts_with(event_names.event_name, 'email_')
            and activities.source_system = emails.source_system
            and activities.asset_id = emails.email_id
),

account_engagement as (
    select
        activities.source_system,
        activities.activity_id,
        activities.occurred_at,
        event_names.event_name,
        'prospect' as record_type,
        activities.prospect_id as record_id,
        activities.asset_id,
        'campaign-' || activities.campaign_id as campaign_record_id,
        activities.url,
        false as is_bot,
        -- Account Engagement logs no deliveries: as in its own reports, what did not bounce was delivered.
        true as is_delivery_implied
    from visitor_activities as activities
    inner join event_names
        on
            event_names.system = 'account_engagement'
            and activities.asset_type || '_' || activities.activity_type = event_names.source_event
),

unioned as (
    select * from marketo
    union all by name
    select * from account_engagement
),

final as (
    select
        {{ surrogate_key(['source_system', "'activity'", 'activity_id']) }} as event_id,
        source_system,
        record_type,
        record_id,
        asset_id,
        campaign_record_id,
        utm_campaign,
        event_name,
        url,
        value,
        is_bot,
        is_delivery_implied,
        occurred_at
    from unioned
)

select * from final

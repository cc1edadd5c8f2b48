with
salesforce_campaigns as (
    select * from {{ ref('stg_salesforce__campaigns') }}
),

hubspot_emails as (
    select * from {{ ref('stg_hubspot__marketing_emails') }}
),

marketo_programs as (
    select * from {{ ref('stg_marketo__programs') }}
),

account_engagement_campaigns as (
    select * from {{ ref('stg_account_engagement__campaigns') }}
),

ad_days as (
    select * from {{ ref('int_canonical__ad_days') }}
),

file_campaigns as (
    select * from {{ ref('stg_files__campaigns') }}
),

channel_mappings as (
    select * from {{ ref('channel_mappings') }}
),

call_list_types as (
    select * from {{ ref('call_list_types') }}
),

salesforce as (
    select
        campaigns.source_system,
        campaigns.campaign_id as record_id,
        coalesce(campaigns.utm_campaign, campaigns.source_system || ':' || campaigns.campaign_id) as campaign_id,
        campaigns.campaign_name,
        mappings.channel,
        call_list_types.campaign_type is not null as is_call_list,
        campaigns.started_on,
        campaigns.ended_on,
        campaigns.budget
    from salesforce_campaigns as campaigns
    left join channel_mappings as mappings
        on
            mappings.system = 'salesforce_campaign_type'
            and mappings.source_value = {{ as_code('campaigns.campaign_type') }}
    left join call_list_types
        on call_list_types.campaign_type = {{ as_code('campaigns.campaign_type') }}
    where not campaigns.is_deleted
),

hubspot as (
    select
        source_system,
        email_campaign_id as record_id,
        coalesce(utm_campaign, source_system || ':' || email_campaign_id) as campaign_id,
        coalesce(campaign_name, marketing_email_name) as campaign_name,
        'email' as channel,
        {{ business_day('published_at') }} as started_on
    from hubspot_emails
    where email_campaign_id is not null
    -- Copies of a mail may share its campaign: the oldest speaks for it.
    qualify
        row_number() over (partition by source_system, email_campaign_id order by created_at, marketing_email_id) = 1
),

marketo as (
    select
        programs.source_system,
        'program-' || programs.program_id as record_id,
        programs.source_system || ':program-' || programs.program_id as campaign_id,
        programs.program_name as campaign_name,
        mappings.channel,
        {{ business_day('programs.created_at') }} as started_on
    from marketo_programs as programs
    left join channel_mappings as mappings
        on
            mappings.system = 'marketo_program_channel'
            and mappings.source_value = {{ as_code('programs.program_channel') }}
),

-- A connected campaign is Salesforce's. Either form of its id may be stored: 18 characters are 15 with a checksum.
account_engagement as (
    select
        campaigns.source_system,
        'campaign-' || campaigns.campaign_id as record_id,
        coalesce(
            min(salesforce.campaign_id),
            campaigns.source_system || ':campaign-' || campaigns.campaign_id
        ) as campaign_id,
        campaigns.campaign_name,
        min(salesforce.channel) as channel,
        {{ business_day('campaigns.created_at') }} as started_on
    from account_engagement_campaigns as campaigns
    left join salesforce
        on substring(campaigns.salesforce_campaign_id, 1, 15) = substring(salesforce.record_id, 1, 15)
    where not campaigns.is_deleted
    group by campaigns.source_system, campaigns.campaign_id, campaigns.campaign_name, campaigns.created_at
),

ads as (
    select
        source_system,
        record_id,
        coalesce(lower(max_by(campaign_name, occurred_on)), source_system || ':' || record_id) as campaign_id,
        max_by(campaign_name, occurred_on) as campaign_name,
        max_by(channel, occurred_on) as channel,
        min(occurred_on) as started_on
    from ad_days
    group by source_system, record_id
),

files as (
    select
        campaigns.source_system,
        campaigns.campaign_id as record_id,
        campaigns.campaign_id,
        campaigns.campaign_name,
        coalesce(mappings.channel, campaigns.channel) as channel,
        campaigns.started_on,
        campaigns.ended_on,
        campaigns.budget
    from file_campaigns as campaigns
    left join channel_mappings as mappings
        on
            mappings.system = 'files'
            and mappings.source_value = campaigns.channel
),

-- Where tools share a campaign, the one that plans it speaks for it: CRM, programs and files, then what is run, then
-- single mails.
unioned as (
    select *, 1 as precedence from salesforce
    union all by name
    select *, 1 as precedence from files
    union all by name
    select *, 1 as precedence from marketo
    union all by name
    select *, 2 as precedence from ads
    union all by name
    select *, 2 as precedence from account_engagement
    union all by name
    select *, 3 as precedence from hubspot
),

final as (
    select
        source_system,
        record_id,
        campaign_id,
        campaign_name,
        channel,
        precedence,
        coalesce(is_call_list, false) as is_call_list,
        started_on,
        ended_on,
        budget
    from unioned
)

select * from final

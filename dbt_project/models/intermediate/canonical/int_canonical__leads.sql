with
hubspot_contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

marketo_leads as (
    select * from {{ ref('stg_marketo__leads') }}
),

marketo_deleted_leads as (
    select * from {{ ref('stg_marketo__deleted_leads') }}
),

marketo_merges as (
    select
        source_system,
        loser_record_id,
        min(merged_at) as merged_at
    from {{ ref('int_canonical__merges') }}
    where record_type = 'lead'
    group by source_system, loser_record_id
),

prospects as (
    select * from {{ ref('stg_account_engagement__prospects') }}
),

salesforce_leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

salesforce_campaign_members as (
    select * from {{ ref('stg_salesforce__campaign_members') }}
),

file_leads as (
    select * from {{ ref('stg_files__leads') }}
),

campaigns as (
    select * from {{ ref('int_canonical__campaigns') }}
),

channel_mappings as (
    select * from {{ ref('channel_mappings') }}
),

first_campaign_of_lead as (
    select
        members.source_system,
        members.lead_id,
        arg_min(campaigns.campaign_id, (members.created_at, members.campaign_member_id)) as campaign_id
    from salesforce_campaign_members as members
    inner join campaigns
        on
            members.source_system = campaigns.source_system
            and members.campaign_id = campaigns.record_id
    -- A call list is work to be done with a lead, not where it came from.
    where members.lead_id is not null and not members.is_deleted and not campaigns.is_call_list
    group by members.source_system, members.lead_id
),

hubspot as (
    select
        contacts.source_system,
        'contact' as record_type,
        contacts.contact_id as record_id,
        contacts.became_lead_at as created_at,
        case when contacts.analytics_source is not null then coalesce(mappings.channel, 'other') end as channel,
        -- HubSpot, 'drill-down 1': for these sources it is the campaign; for the others a site, a network or a keyword.
        case
            when contacts.analytics_source in ('PAID_SEARCH', 'PAID_SOCIAL', 'EMAIL_MARKETING', 'OTHER_CAMPAIGNS')
                then lower({{ cleaned('contacts.analytics_source_detail') }})
        end as campaign_id,
        contacts.source_system || ':' || contacts.owner_id as owner_id,
        contacts.lead_status as status,
        'ma' as lead_kind,
        false as can_begin_journey,
        contacts.became_mql_at as mql_at
    from hubspot_contacts as contacts
    left join channel_mappings as mappings
        on
            mappings.system = 'hubspot'
            and mappings.source_value = {{ as_code('contacts.analytics_source') }}
    where contacts.became_lead_at is not null
),

-- Where Salesforce is there too, these tools share its lead source: one mapping serves them all.
marketo as (
    select
        leads.source_system,
        'lead' as record_type,
        leads.lead_id as record_id,
        leads.created_at,
        case when leads.lead_source is not null then coalesce(mappings.channel, 'other') end as channel,
        leads.source_system || ':program-' || leads.acquisition_program_id as campaign_id,
        leads.lead_status as status,
        'ma' as lead_kind,
        false as can_begin_journey,
        leads.mql_at,
        marketo_merges.merged_at as merged_away_at
    from marketo_leads as leads
    left join channel_mappings as mappings
        on
            mappings.system = 'salesforce'
            and mappings.source_value = {{ as_code('leads.lead_source') }}
    left join marketo_merges
        on
            leads.source_system = marketo_merges.source_system
            and leads.lead_id = marketo_merges.loser_record_id
    left join marketo_deleted_leads
        on
            leads.source_system = marketo_deleted_leads.source_system
            and leads.lead_id = marketo_deleted_leads.lead_id
            and marketo_deleted_leads.deleted_at < {{ as_of() }}
    where marketo_deleted_leads.lead_id is null or marketo_merges.loser_record_id is not null
),

account_engagement as (
    select
        prospects.source_system,
        'prospect' as record_type,
        prospects.prospect_id as record_id,
        prospects.created_at,
        case when prospects.prospect_source is not null then coalesce(mappings.channel, 'other') end as channel,
        campaigns.campaign_id,
        'ma' as lead_kind,
        false as can_begin_journey
    from prospects
    left join channel_mappings as mappings
        on
            mappings.system = 'salesforce'
            and mappings.source_value = {{ as_code('prospects.prospect_source') }}
    left join campaigns
        on
            prospects.source_system = campaigns.source_system
            and 'campaign-' || prospects.campaign_id = campaigns.record_id
    where not prospects.is_deleted
),

salesforce as (
    select
        leads.source_system,
        'lead' as record_type,
        leads.lead_id as record_id,
        leads.created_at,
        case when leads.lead_source is not null then coalesce(mappings.channel, 'other') end as channel,
        first_campaign_of_lead.campaign_id,
        leads.source_system || ':' || leads.owner_id as owner_id,
        leads.status,
        'crm' as lead_kind,
        true as can_begin_journey,
        leads.mql_at,
        leads.budget_confirmed_at,
        leads.authority_confirmed_at,
        leads.need_confirmed_at,
        leads.timeline_confirmed_at,
        leads.next_step_agreed_at,
        -- A merge is the last change of the record that lost.
        case when leads.master_lead_id is not null then leads.updated_at end as merged_away_at,
        leads.converted_contact_id,
        leads.converted_account_id,
        leads.converted_opportunity_id
    from salesforce_leads as leads
    left join channel_mappings as mappings
        on
            mappings.system = 'salesforce'
            and mappings.source_value = {{ as_code('leads.lead_source') }}
    left join first_campaign_of_lead
        on
            leads.source_system = first_campaign_of_lead.source_system
            and leads.lead_id = first_campaign_of_lead.lead_id
    -- A lead that was merged away still tells when its person became a lead; one that was deleted outright was junk.
    where not leads.is_deleted or leads.master_lead_id is not null
),

files as (
    select
        leads.source_system,
        'lead' as record_type,
        leads.lead_id as record_id,
        leads.created_at,
        coalesce(mappings.channel, leads.channel) as channel,
        leads.campaign_id,
        leads.content_id,
        leads.source_system || ':' || leads.owner_id as owner_id,
        leads.status,
        'file' as lead_kind,
        true as can_begin_journey,
        leads.mql_at,
        leads.sal_at,
        leads.sql_at
    from file_leads as leads
    left join channel_mappings as mappings
        on
            mappings.system = 'files'
            and mappings.source_value = leads.channel
),

unioned as (
    select * from hubspot
    union all by name
    select * from marketo
    union all by name
    select * from account_engagement
    union all by name
    select * from salesforce
    union all by name
    select * from files
),

final as (
    select
        source_system,
        record_type,
        record_id,
        created_at,
        channel,
        campaign_id,
        content_id,
        owner_id,
        status,
        lead_kind,
        can_begin_journey,
        {{ known_by_as_of('mql_at') }} as mql_at,
        {{ known_by_as_of('sal_at') }} as sal_at,
        {{ known_by_as_of('sql_at') }} as sql_at,
        {{ known_by_as_of('budget_confirmed_at') }} as budget_confirmed_at,
        {{ known_by_as_of('authority_confirmed_at') }} as authority_confirmed_at,
        {{ known_by_as_of('need_confirmed_at') }} as need_confirmed_at,
        {{ known_by_as_of('timeline_confirmed_at') }} as timeline_confirmed_at,
        {{ known_by_as_of('next_step_agreed_at') }} as next_step_agreed_at,
        {{ known_by_as_of('merged_away_at') }} as merged_away_at,
        converted_contact_id,
        converted_account_id,
        converted_opportunity_id
    from unioned
    where created_at < {{ as_of() }}
)

select * from final

with
leads as (
    select * from {{ ref('int_canonical__leads') }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

lead_statuses as (
    select * from {{ ref('lead_statuses') }}
),

identified as (
    select
        leads.*,
        {{ record_key('leads.source_system', 'leads.record_type', 'leads.record_id') }} as record_key,
        record_person.person_id,
        leads.can_begin_journey and coalesce(lead_statuses.is_accepting, false) as is_accepting,
        leads.can_begin_journey and coalesce(lead_statuses.is_recycled, false) as is_recycled,
        leads.can_begin_journey and coalesce(lead_statuses.is_rejecting, false) as is_rejecting
    from leads
    left join record_person
        on
            leads.source_system = record_person.source_system
            and leads.record_type = record_person.record_type
            and leads.record_id = record_person.record_id
    left join lead_statuses
        on
            lower({{ cleaned('leads.status') }}) = lead_statuses.status
            and leads.merged_away_at is null
),

-- Lead records of one person are one journey, until a CRM or file lead is recycled: the next CRM or file lead, created
-- after it, begins the next journey. Among leads of one moment the recycled one stands last, so that it is seen.
beginnings as (
    select
        record_key,
        lag(is_recycled) over neighbours and created_at > lag(created_at) over neighbours as begins_journey
    from identified
    where can_begin_journey
    window neighbours as (partition by person_id order by created_at, is_recycled, record_key)
),

numbered as (
    select
        identified.*,
        1 + cast(
            sum(case when beginnings.begins_journey then 1 else 0 end)
                over (partition by identified.person_id order by identified.created_at)
            as integer
        ) as journey_number
    from identified
    left join beginnings on identified.record_key = beginnings.record_key
),

-- Of a record that was merged away its origin and marks stand; owner and status are those of the record that won.
final as (
    select
        -- ids
        {{ pseudonym(['first_value(record_key) over journey']) }} as lead_id,
        person_id,
        record_key,
        source_system,
        record_type,
        record_id,
        campaign_id,
        content_id,
        case when merged_away_at is null then owner_id end as owner_id,

        -- text
        lead_kind,
        channel,
        case when merged_away_at is null then status end as status,

        -- numbers
        journey_number,
        row_number() over journey as record_rank,

        -- booleans
        can_begin_journey,
        is_accepting,
        is_recycled,
        is_rejecting,

        -- times
        created_at,
        mql_at,
        sal_at,
        sql_at,
        budget_confirmed_at,
        authority_confirmed_at,
        need_confirmed_at,
        timeline_confirmed_at,
        next_step_agreed_at,
        merged_away_at
    from numbered
    window journey as (partition by person_id, journey_number order by created_at, record_key)
)

select * from final

with
members as (
    select * from {{ ref('stg_salesforce__campaign_members') }}
    where not is_deleted and created_at < {{ as_of() }}
),

campaigns as (
    select * from {{ ref('int_canonical__campaigns') }}
    where is_call_list
),

record_person as (
    select * from {{ ref('record_person') }}
),

-- A converted lead's membership names the lead and the contact: both are the same person.
final as (
    select
        {{ surrogate_key(['campaigns.campaign_id', 'record_person.person_id']) }} as call_list_member_id,
        campaigns.campaign_id,
        record_person.person_id,
        min(record_person.account_id) as account_id,
        min(members.created_at) as listed_at
    from members
    inner join campaigns
        on
            members.source_system = campaigns.source_system
            and members.campaign_id = campaigns.record_id
    inner join record_person
        on
            members.source_system = record_person.source_system
            and record_person.record_type = case when members.lead_id is not null then 'lead' else 'contact' end
            and coalesce(members.lead_id, members.contact_id) = record_person.record_id
    group by campaigns.campaign_id, record_person.person_id
)

select * from final

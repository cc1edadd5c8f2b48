with
activities as (
    select * from {{ ref('int_canonical__activities') }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
),

journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

addressed as (
    select
        *,
        case
            when lead_record_id is not null then 'lead'
            when contact_record_id is not null then 'contact'
            when person_record_id is not null then 'person'
        end as addressee_type,
        coalesce(lead_record_id, contact_record_id, person_record_id) as addressee_id
    from activities
),

-- An activity belongs to the journey of its lead record, else of its opportunity, else to the journey of its person
-- that was under way when it took place.
final as (
    select
        addressed.activity_id,
        addressed.activity_type,
        addressed.owner_id,
        addressed.is_completed,
        addressed.occurred_at,
        addressed.addressee_id is not null as is_with_person,
        coalesce(lead_records.lead_id, opportunities.lead_id, journeys.lead_id) as lead_id
    from addressed
    left join lead_records
        on
            addressed.source_system = lead_records.source_system
            and addressed.lead_record_id = lead_records.record_id
            and lead_records.record_type = 'lead'
    left join opportunities
        on
            addressed.source_system = opportunities.source_system
            and addressed.opportunity_record_id = opportunities.record_id
    left join record_person
        on
            addressed.source_system = record_person.source_system
            and addressed.addressee_type = record_person.record_type
            and addressed.addressee_id = record_person.record_id
    left join journeys
        on
            record_person.person_id = journeys.person_id
            and addressed.occurred_at >= journeys.created_at
            and (journeys.next_created_at is null or addressed.occurred_at < journeys.next_created_at)
)

select * from final
where lead_id is not null

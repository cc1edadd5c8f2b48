with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
),

activities as (
    select * from {{ ref('int_canonical__activities') }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

-- A person whom no tool with activities knows may have been tried as often as one likes: nothing would be told of it.
persons_with_tries as (
    select distinct person_id
    from record_person
    where source_system in (select source_system from activities)
),

sources_with_replies as (
    select distinct source_system
    from lead_records
    where sal_at is not null
),

journeys_with_replies as (
    select distinct lead_records.lead_id
    from lead_records
    inner join sources_with_replies on lead_records.source_system = sources_with_replies.source_system
),

final as (
    select
        journeys.lead_id,
        persons_with_tries.person_id is not null as is_try_told,
        persons_with_tries.person_id is not null or journeys_with_replies.lead_id is not null as is_reply_told
    from journeys
    left join persons_with_tries on journeys.person_id = persons_with_tries.person_id
    left join journeys_with_replies on journeys.lead_id = journeys_with_replies.lead_id
)

select * from final

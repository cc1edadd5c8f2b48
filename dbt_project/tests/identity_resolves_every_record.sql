-- Every record of a person is somebody, and every person has a record.
{{ config(tags=['identity_gate']) }}

with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

final as (
    select
        persons.source_system,
        persons.record_type
    from persons
    left join record_person
        on
            persons.source_system = record_person.source_system
            and persons.record_type = record_person.record_type
            and persons.record_id = record_person.record_id
    where record_person.person_id is null
)

select * from final

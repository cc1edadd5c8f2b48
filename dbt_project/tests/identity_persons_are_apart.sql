-- No active link ties two persons: else the components are not finished, or a rule was applied twice differently.
{{ config(tags=['identity_gate']) }}

with
links as (
    select * from {{ ref('links') }}
    -- A browser belongs to several persons in turn.
    where is_active and not starts_with(rule, 'anonymous_id_')
),

record_person as (
    select
        {{ record_key('source_system', 'record_type', 'record_id') }} as record_key,
        person_id
    from {{ ref('record_person') }}
),

ends as (
    select right_key as shared_key, left_key as record_key from links
    union all
    select right_key as shared_key, right_key as record_key from links
),

final as (
    select ends.shared_key
    from ends
    inner join record_person
        on ends.record_key = record_person.record_key
    group by ends.shared_key
    having count(distinct record_person.person_id) > 1
)

select * from final

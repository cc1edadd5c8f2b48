with
probable_links as (
    select * from {{ ref('int_identity__probable_links') }}
    -- What stands on the list is decided.
    where not is_joined and reason <> 'on the never-link list'
),

components as (
    select * from {{ ref('int_identity__components') }}
),

membership as (
    select * from {{ ref('int_identity__membership') }}
),

persons as (
    select distinct
        components.component_key,
        membership.person_id
    from components
    inner join membership
        on components.node_key = membership.record_key
),

final as (
    select
        probable_links.left_component_key as left_key,
        probable_links.right_component_key as right_key,
        left_persons.person_id as left_person_id,
        right_persons.person_id as right_person_id,
        probable_links.probability,
        probable_links.match_weight,
        probable_links.evidence,
        probable_links.reason
    from probable_links
    inner join persons as left_persons
        on probable_links.left_component_key = left_persons.component_key
    inner join persons as right_persons
        on probable_links.right_component_key = right_persons.component_key
)

select * from final

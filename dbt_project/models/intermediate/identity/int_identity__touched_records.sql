{#- What was told of each record up to now; on the very first run nothing was. -#}
{%- set told = adapter.get_relation(database=target.database, schema='identity', identifier='person_changes') -%}

-- depends_on: {{ ref('int_identity__touched') }}
-- The records that this run resolves anew: the component they are in now, and the person they were in before.
with
components as (
    select * from {{ ref('int_identity__touched_components') }}
),

probable_links as (
    select * from {{ ref('int_identity__probable_links') }}
    where is_joined
),

persons as (
    select * from {{ ref('int_canonical__persons') }}
),

-- The probabilistic tier names for each component that it joins the one that stands for all of them.
joined as (
    select right_component_key as component_key, left_component_key as joined_key
    from probable_links
),

current_records as (
    select
        persons.record_key,
        persons.created_at,
        coalesce(joined.joined_key, components.component_key) as component_key
    from components
    inner join persons
        on components.node_key = persons.record_key
    left join joined
        on components.component_key = joined.component_key
),

previous_records as (
    {% if told -%}
    select
        record_key,
        -- The person may be null: the record was erased. arg_max would pass over that.
        max((changed_at, change_number, new_person_id))[3] as person_id
    from {{ told }}
    where
        changed_at <= {{ as_of() }}
        and record_key in (select node_key from {{ ref('int_identity__touched') }})
    group by record_key
    {%- else -%}
    select
        cast(null as varchar) as record_key,
        cast(null as varchar) as person_id
    where false
    {%- endif %}
),

final as (
    select
        coalesce(current_records.record_key, previous_records.record_key) as record_key,
        current_records.component_key,
        current_records.created_at,
        previous_records.person_id as previous_person_id
    from current_records
    full outer join previous_records
        on current_records.record_key = previous_records.record_key
    where current_records.record_key is not null or previous_records.person_id is not null
)

select * from final

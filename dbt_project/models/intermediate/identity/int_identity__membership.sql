{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{% if is_incremental() %}delete from {{ this }} where record_key in (select node_key from {{ ref('int_identity__touched') }}){% endif %}",
    )
}}
-- depends_on: {{ ref('int_identity__touched') }}
-- The person of each record. A component that keeps no id of the run before is a new person: its oldest record names it.
with
records as (
    select * from {{ ref('int_identity__touched_records') }}
    where component_key is not null
),

kept_ids as (
    select * from {{ ref('int_identity__kept_ids') }}
),

oldest_records as (
    select
        component_key,
        arg_min(record_key, (created_at is null, created_at, record_key)) as record_key
    from records
    group by component_key
),

new_ids as (
    select
        oldest_records.component_key,
        {{ pseudonym(['oldest_records.record_key']) }} as own_id,
        -- Where the records that the id is made of live on under it as another person.
        {{ pseudonym(['oldest_records.record_key', as_of()]) }} as further_id
    from oldest_records
    left join kept_ids
        on oldest_records.component_key = kept_ids.component_key
    where kept_ids.component_key is null
),

living_ids as (
    select person_id from kept_ids
    {% if is_incremental() %}
    union
    select person_id from {{ this }}
    where person_id in (select own_id from new_ids)
    {% endif %}
),

ids as (
    select component_key, person_id from kept_ids

    union all

    select
        new_ids.component_key,
        case when living_ids.person_id is null then new_ids.own_id else new_ids.further_id end as person_id
    from new_ids
    left join living_ids
        on new_ids.own_id = living_ids.person_id
),

final as (
    select
        records.record_key,
        records.component_key,
        ids.person_id
    from records
    inner join ids
        on records.component_key = ids.component_key
)

select * from final

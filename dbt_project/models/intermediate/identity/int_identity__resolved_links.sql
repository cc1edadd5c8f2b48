{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{% if is_incremental() %}delete from {{ this }} where link_fingerprint in (select link_fingerprint from {{ ref('int_identity__changed_links') }} where change = 'went'){% endif %}",
    )
}}
-- depends_on: {{ ref('int_identity__membership') }}
-- depends_on: {{ ref('person_changes') }}
-- The links that persons stand on, kept for the next run to compare with; written when all that follows from them is.
with
changed_links as (
    select * from {{ ref('int_identity__changed_links') }}
),

probable_links as (
    select * from {{ ref('int_identity__probable_links') }}
    where is_joined
),

final as (
    select left_key, right_key, link_fingerprint
    from changed_links
    where change = 'came'

    union all

    -- No rule finds these tomorrow if the tier is switched off: then their records are resolved anew.
    select
        left_component_key as left_key,
        right_component_key as right_key,
        {{ fingerprint(['left_component_key', 'right_component_key', "'probable'"]) }} as link_fingerprint
    from probable_links
)

select * from final

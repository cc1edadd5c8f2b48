{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{% if is_incremental() %}delete from {{ this }} where left_key in (select node_key from {{ ref('int_identity__touched') }}){% endif %}",
    )
}}
-- depends_on: {{ ref('int_identity__membership') }}
-- depends_on: {{ ref('person_changes') }}
-- The links that persons stand on, kept for the next run to compare with; written when all that follows from them is.
with
links as (
    select * from {{ ref('int_identity__links') }}
    where is_active or rule = 'never_link'
),

touched as (
    select * from {{ ref('int_identity__touched') }}
),

probable_links as (
    select * from {{ ref('int_identity__probable_links') }}
    where is_joined
),

final as (
    select links.left_key, links.right_key, links.link_fingerprint
    from links
    semi join touched
        on links.left_key = touched.node_key

    union all

    -- No rule finds these tomorrow if the tier is switched off: then their records are resolved anew.
    select
        left_component_key as left_key,
        right_component_key as right_key,
        {{ fingerprint(['left_component_key', 'right_component_key', "'probable'"]) }} as link_fingerprint
    from probable_links
)

select * from final

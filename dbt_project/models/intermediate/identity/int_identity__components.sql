{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{% if is_incremental() %}delete from {{ this }} where node_key in (select node_key from {{ ref('int_identity__touched') }}){% endif %}",
    )
}}
-- depends_on: {{ ref('int_identity__touched') }}
select
    node_key,
    block_key,
    component_key
from {{ ref('int_identity__touched_components') }}

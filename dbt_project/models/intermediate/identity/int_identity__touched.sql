{%- set components = adapter.get_relation(database=target.database, schema=this.schema, identifier='int_identity__components') -%}

-- Nodes of the person graph that this run resolves anew: those whose links changed since the last run, with everybody
-- who was or now is connected to them.
with
changed_nodes as (
    select left_key as node_key from {{ ref('int_identity__changed_links') }}
    union
    select right_key as node_key from {{ ref('int_identity__changed_links') }}
),
{% if components %}
touched_blocks as (
    select distinct components.block_key
    from {{ components }} as components
    semi join changed_nodes
        on components.node_key = changed_nodes.node_key
),
{% endif %}
final as (
    select node_key from changed_nodes
    {%- if components %}
    union
    select components.node_key
    from {{ components }} as components
    semi join touched_blocks
        on components.block_key = touched_blocks.block_key
    {%- endif %}
)

select * from final

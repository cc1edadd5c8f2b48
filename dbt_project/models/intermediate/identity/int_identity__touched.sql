{{ config(post_hook="{% if adapter.get_relation(this.database, this.schema, 'int_identity__resolution') %}delete from {{ this.schema }}.int_identity__resolution{% endif %}") }}

{#-
    What the last run resolved, and whether this one may build on it: not after a crash (the marker is gone), not for an
    earlier moment than the last run's, not when the last run spoke of an earlier moment than the changes told so far.
-#}
{%- set resolution = adapter.get_relation(database=target.database, schema=this.schema, identifier='int_identity__resolution') %}
{%- set resolved = adapter.get_relation(database=target.database, schema=this.schema, identifier='int_identity__resolved_links') %}
{%- set components = adapter.get_relation(database=target.database, schema=this.schema, identifier='int_identity__components') %}
{%- set told = adapter.get_relation(database=target.database, schema='identity', identifier='person_changes') %}
{%- set has_state = resolution and resolved and components and told -%}

-- depends_on: {{ ref('probabilistic_matching') }}
-- Nodes of the person graph that this run resolves anew: those whose links changed since the last run, with everybody
-- who was or now is connected to them. The first run, and each run that can't build on the last one, resolves all.
with
links as (
    select * from {{ ref('int_identity__links') }}
    where is_active or rule = 'never_link'
),

{% if has_state and not flags.FULL_REFRESH %}
resolution as (
    select count(*) = 1 as is_usable
    from {{ resolution }}
    where
        as_of <= {{ as_of() }}
        and as_of >= (select coalesce(max(changed_at), as_of) from {{ told }})
        -- Splink looks at everybody, and so does a run with it.
        and not exists (
            select 1 from {{ ref('probabilistic_matching') }}
            where setting = 'enabled' and setting_value = 'true'
        )
),

resolved as (
    select * from {{ resolved }}
),

changed as (
    select links.left_key, links.right_key
    from links
    anti join resolved
        on links.link_fingerprint = resolved.link_fingerprint

    union all

    select resolved.left_key, resolved.right_key
    from resolved
    anti join links
        on resolved.link_fingerprint = links.link_fingerprint
),

changed_nodes as (
    select left_key as node_key from changed
    union
    select right_key as node_key from changed
),

components as (
    select * from {{ components }}
),

touched_blocks as (
    select distinct components.block_key
    from components
    inner join changed_nodes
        on components.node_key = changed_nodes.node_key
),

touched as (
    select node_key from changed_nodes
    union
    select components.node_key
    from components
    inner join touched_blocks
        on components.block_key = touched_blocks.block_key
),

-- Asked of each input, so that a run that builds on the last one need not gather them.
all_nodes as (
    select left_key as node_key from links
    where not (select is_usable from resolution)
    union
    select right_key as node_key from links
    where not (select is_usable from resolution)
    union
    select node_key from components
    where not (select is_usable from resolution)
),

final as (
    select node_key from touched
    where (select is_usable from resolution)

    union all

    select node_key from all_nodes
)
{% else %}
final as (
    select left_key as node_key from links
    union
    select right_key as node_key from links
)
{% endif %}
select * from final

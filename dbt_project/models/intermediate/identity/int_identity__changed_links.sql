{{ config(post_hook="{% if adapter.get_relation(this.database, this.schema, 'int_identity__resolution') %}delete from {{ this.schema }}.int_identity__resolution{% endif %}") }}

{#-
    What the last run resolved, and whether this one may build on it: not after a crash (the marker is gone), not for an
    earlier moment than the last run's, not when the last run spoke of an earlier moment than the changes told so far.
    Relations stand in the query directly: as CTEs all their columns would be read, of all links.
-#}
{%- set resolution = adapter.get_relation(database=target.database, schema=this.schema, identifier='int_identity__resolution') %}
{%- set resolved = adapter.get_relation(database=target.database, schema=this.schema, identifier='int_identity__resolved_links') %}
{%- set components = adapter.get_relation(database=target.database, schema=this.schema, identifier='int_identity__components') %}
{%- set told = adapter.get_relation(database=target.database, schema='identity', identifier='person_changes') %}
{%- set has_state = resolution and resolved and components and told and not flags.FULL_REFRESH -%}
{%- set links = ref('int_identity__links') -%}

-- depends_on: {{ ref('probabilistic_matching') }}
-- Links that came and went since the last run. The first run, and each that can't build on the last one, takes all links
-- as new and all that stood before as gone.
with
{% if has_state %}
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

current_fingerprints as (
    select link_fingerprint from {{ links }}
    where is_active or rule = 'never_link'
),

resolved_fingerprints as (
    select link_fingerprint from {{ resolved }}
),

came as (
    select current_fingerprints.link_fingerprint
    from current_fingerprints
    anti join resolved_fingerprints
        on current_fingerprints.link_fingerprint = resolved_fingerprints.link_fingerprint
),

went as (
    select resolved_fingerprints.link_fingerprint
    from resolved_fingerprints
    anti join current_fingerprints
        on resolved_fingerprints.link_fingerprint = current_fingerprints.link_fingerprint
),
{% endif %}
-- The linter loses the indent after blocks that compile to nothing.
-- noqa: disable=LT02
final as (
    select left_key, right_key, link_fingerprint, 'came' as change
    from {{ links }}
    where
        (is_active or rule = 'never_link')
        {%- if has_state %}
        and not (select is_usable from resolution)
        {%- endif %}
    {%- if has_state %}

    union all

    select links.left_key, links.right_key, links.link_fingerprint, 'came' as change
    from {{ links }} as links
    semi join came
        on links.link_fingerprint = came.link_fingerprint
    where (select is_usable from resolution)

    union all

    select resolved.left_key, resolved.right_key, resolved.link_fingerprint, 'went' as change
    from {{ resolved }} as resolved
    semi join went
        on resolved.link_fingerprint = went.link_fingerprint
    where (select is_usable from resolution)

    union all

    select left_key, right_key, link_fingerprint, 'went' as change
    from {{ resolved }}
    where not (select is_usable from resolution)
    {%- endif %}
    {%- for stood, key in [(components, 'node_key'), (told, 'record_key')] if stood %}

    union all

    -- Records that are gone have no link that could tell it.
    select {{ key }} as left_key, {{ key }} as right_key, cast(null as ubigint) as link_fingerprint, 'went' as change
    from {{ stood }}
    {%- if has_state %}
    where not (select is_usable from resolution)
    {%- endif %}
    {%- endfor %}
)

select * from final

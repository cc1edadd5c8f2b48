{#-
    The one version of each record that counts at as_of: the greatest version column, then the latest delivery (of one
    file delivered anew for the same day the one loaded last), then the later file and row. `_source` is part of every
    key, as several sources may be of one system. Records may go without an id of their own (`own_id`): such a row is
    known by its file and number, and only the rows of the file's last delivery count.
-#}
{%- macro latest_version(relation, key=none, version=none, own_id=none) -%}
    {{- return(adapter.dispatch('latest_version', 'leadmill')(relation, key, version, own_id)) -}}
{%- endmacro -%}

{%- macro duckdb__latest_version(relation, key, version, own_id) -%}
    {%- set key = key or ["coalesce(" ~ own_id ~ ", _file || '#' || _row_number)"] %}
    select *
    from {{ relation }}
    where _delivered_at <= {{ as_of() }}
    qualify
        row_number() over (
            partition by _source, {{ key | join(', ') }}
            order by {{ version ~ ' desc nulls last, ' if version }}_delivered_at desc, _loaded_at desc, _file desc, _row_number desc
        ) = 1
        {%- if own_id %}
        and ({{ own_id }} is not null or _loaded_at = max(_loaded_at) over (partition by _source, _file))
        {%- endif %}
{%- endmacro -%}

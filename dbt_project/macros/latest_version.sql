{#-
    The one version of each record that counts at as_of: the greatest version column, then the latest delivery, then the
    later file and row. `_source` is part of every key, as several sources may be of one system.
-#}
{%- macro latest_version(relation, key, version=none) -%}
    {{- return(adapter.dispatch('latest_version', 'leadmill')(relation, key, version)) -}}
{%- endmacro -%}

{%- macro duckdb__latest_version(relation, key, version) -%}
    select *
    from {{ relation }}
    where _delivered_at <= {{ as_of() }}
    qualify
        row_number() over (
            partition by _source, {{ key | join(', ') }}
            order by {{ version ~ ' desc nulls last, ' if version }}_delivered_at desc, _file desc, _row_number desc
        ) = 1
{%- endmacro -%}

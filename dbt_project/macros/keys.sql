{#- Hash of a natural key. Null and empty differ, and the separator keeps ('a', 'bc') apart from ('ab', 'c'). -#}
{%- macro surrogate_key(columns) -%}
    md5(concat_ws('|', {% for column in columns -%}
        coalesce(cast({{ column }} as {{ dbt.type_string() }}), '<null>'){{ ', ' if not loop.last }}
    {%- endfor %}))
{%- endmacro -%}

{#- A record of a source as one text: identity's nodes and joins use it. -#}
{%- macro record_key(source_system, record_type, record_id) -%}
    {{ source_system }} || '|' || {{ record_type }} || '|' || {{ record_id }}
{%- endmacro -%}

{#-
    Keyed hash (HMAC's nested form) of a key that may hold an e-mail address, for ids that are published: whoever knows an
    address could make its bare hash. The key stands in the warehouse, so that no compiled SQL and no log holds it.
-#}
{%- macro pseudonym(columns) -%}
    md5((select outer_key from ops.id_key) || {{ surrogate_key(['(select inner_key from ops.id_key)'] + columns) }})
{%- endmacro -%}

{#- Columns as one 64-bit number, to see quickly what changed between two runs of one engine; no key to store elsewhere. -#}
{%- macro fingerprint(columns) -%}
    {{- return(adapter.dispatch('fingerprint', 'leadmill')(columns)) -}}
{%- endmacro -%}

{%- macro duckdb__fingerprint(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro -%}

{%- macro spark__fingerprint(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro -%}

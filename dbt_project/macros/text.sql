{#- Text without surrounding space (the full-width one included); empty text is null. -#}
{%- macro cleaned(text) -%}
    nullif(trim({{ text }}, ' 　'), '')
{%- endmacro -%}

{#- A name that people typed, as a key: lower case, spaces to underscores. -#}
{%- macro as_code(text) -%}
    replace(lower({{ cleaned(text) }}), ' ', '_')
{%- endmacro -%}

{#- Whether text contains a match of a regular expression. -#}
{%- macro matches(text, pattern) -%}
    {{- return(adapter.dispatch('matches', 'leadmill')(text, pattern)) -}}
{%- endmacro -%}

{%- macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro -%}

{#- First group of the first match of a regular expression; null where nothing matches. -#}
{%- macro extracted(text, pattern) -%}
    {{- return(adapter.dispatch('extracted', 'leadmill')(text, pattern)) -}}
{%- endmacro -%}

{%- macro duckdb__extracted(text, pattern) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern }}', 1), '')
{%- endmacro -%}

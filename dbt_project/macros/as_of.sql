{#- The moment this run speaks of, as a UTC timestamp. No model may call the clock. -#}
{%- macro as_of() -%}
    {%- if not var('as_of', none) -%}
        {{- exceptions.raise_compiler_error(
            "The variable as_of is missing: say which moment the run speaks of, in UTC, "
            ~ "for example --vars '{as_of: \"2026-10-31 15:00:00\"}'."
        ) -}}
    {%- endif -%}
    cast('{{ var("as_of") }}' as timestamp)
{%- endmacro -%}

{#- A time that lies in the future of as_of (a planned meeting, a skewed clock) is not known yet. -#}
{%- macro known_by_as_of(time) -%}
    case when {{ time }} < {{ as_of() }} then {{ time }} end
{%- endmacro -%}

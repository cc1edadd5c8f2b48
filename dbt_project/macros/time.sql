{#- The business day (DATE) of a UTC timestamp. -#}
{%- macro business_day(time) -%}
    {{- return(adapter.dispatch('business_day', 'leadmill')(time)) -}}
{%- endmacro -%}

{%- macro duckdb__business_day(time) -%}
    cast(timezone('{{ var("business_timezone") }}', timezone('UTC', {{ time }})) as date)
{%- endmacro -%}

{#- Midnight (UTC timestamp) that begins a business day. -#}
{%- macro business_midnight(day) -%}
    {{- return(adapter.dispatch('business_midnight', 'leadmill')(day)) -}}
{%- endmacro -%}

{%- macro duckdb__business_midnight(day) -%}
    timezone('UTC', timezone('{{ var("business_timezone") }}', cast({{ day }} as timestamp)))
{%- endmacro -%}

{#- UTC timestamp of a number of microseconds since 1970. -#}
{%- macro from_epoch_microseconds(microseconds) -%}
    {{- return(adapter.dispatch('from_epoch_microseconds', 'leadmill')(microseconds)) -}}
{%- endmacro -%}

{%- macro duckdb__from_epoch_microseconds(microseconds) -%}
    make_timestamp({{ microseconds }})
{%- endmacro -%}

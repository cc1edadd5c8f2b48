{#- The business day (DATE) of a UTC timestamp. -#}
{%- macro business_day(time) -%}
    {{- return(adapter.dispatch('business_day', 'leadmill')(time)) -}}
{%- endmacro -%}

{%- macro duckdb__business_day(time) -%}
    cast(timezone('{{ var("business_timezone") }}', timezone('UTC', {{ time }})) as date)
{%- endmacro -%}

{#- What the clock on the wall shows (TIMESTAMP) at a UTC timestamp. -#}
{%- macro business_time(time) -%}
    {{- return(adapter.dispatch('business_time', 'leadmill')(time)) -}}
{%- endmacro -%}

{%- macro duckdb__business_time(time) -%}
    timezone('{{ var("business_timezone") }}', timezone('UTC', {{ time }}))
{%- endmacro -%}

{#- The UTC timestamp at which the clock on the wall shows a time (DATE: its midnight). -#}
{%- macro from_business_time(local_time) -%}
    {{- return(adapter.dispatch('from_business_time', 'leadmill')(local_time)) -}}
{%- endmacro -%}

{%- macro duckdb__from_business_time(local_time) -%}
    timezone('UTC', timezone('{{ var("business_timezone") }}', cast({{ local_time }} as timestamp)))
{%- endmacro -%}

{#- Midnight (UTC timestamp) that begins a business day. -#}
{%- macro business_midnight(day) -%}
    {{- from_business_time(day) -}}
{%- endmacro -%}

{#-
    Working minutes from the beginning of the calendar to a moment; `day` is the row of int_calendar__business_days that
    the moment's business day was joined with. Working time between two moments is the difference.
-#}
{%- macro working_minutes_until(moment, day) -%}
    {{ day }}.working_minutes_before
    + greatest(0, least({{ day }}.working_minutes, coalesce({{ minutes_between(day ~ '.opens_at', moment) }}, 0)))
{%- endmacro -%}

{#- UTC timestamp of a number of microseconds since 1970. -#}
{%- macro from_epoch_microseconds(microseconds) -%}
    {{- return(adapter.dispatch('from_epoch_microseconds', 'leadmill')(microseconds)) -}}
{%- endmacro -%}

{%- macro duckdb__from_epoch_microseconds(microseconds) -%}
    make_timestamp({{ microseconds }})
{%- endmacro -%}

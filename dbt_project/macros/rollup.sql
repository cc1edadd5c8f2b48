{#-
    Roll-ups over periods and dimensions in one pass. A model that uses them has its business day in `date_on`,
    `grains` is a list of day, week, month, quarter and all, `dimensions` maps each public dimension to its column.
-#}

{#- The first day of each grain's period; weeks start on Monday. -#}
{%- macro rollup_periods(grains) -%}
    {%- for grain in grains if grain != 'all' -%}
        cast({{ dbt.date_trunc(grain, 'date_on') }} as date) as {{ grain }}_on{{ ',\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro -%}

{#-
    One grouping set for each grain × dimension (`overall` among them), each with the keys. sqlfluff's DuckDB dialect does
    not know grouping sets: the lines that call this carry `noqa: PRS`.
-#}
{%- macro rollup_sets(keys, grains, dimensions) -%}
    grouping sets (
    {%- for grain in grains -%}
        {%- set period = [] if grain == 'all' else [grain ~ '_on'] -%}
        ({{ (keys + period) | join(', ') }}),
        {%- for column in dimensions.values() -%}
            ({{ (keys + period + [column]) | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor -%}
        {{ ',' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro -%}

{#- Which period and dimension a rolled-up row stands for. -#}
{%- macro rollup_labels(grains, dimensions) -%}
    case
        {%- for grain in grains if grain != 'all' %}
        when grouping({{ grain }}_on) = 0 then '{{ grain }}'
        {%- endfor %}
        else 'all'
    end as period_grain,
    coalesce({% for grain in grains if grain != 'all' %}{{ grain }}_on{{ ', ' if not loop.last }}{% endfor %}) as period_start,
    case
        {%- for dimension, column in dimensions.items() %}
        when grouping({{ column }}) = 0 then '{{ dimension }}'
        {%- endfor %}
        else 'overall'
    end as dimension,
    coalesce({{ dimensions.values() | join(', ') }}, 'all') as dimension_value
{%- endmacro -%}

{#- Minutes between two timestamps, exact to the microsecond. -#}
{%- macro minutes_between(earlier, later) -%}
    {{ dbt.datediff(earlier, later, 'microsecond') }} / 60000000.0
{%- endmacro -%}

{#- The first day after a period. -#}
{%- macro period_end(grain, start) -%}
    case {{ grain }}
        {%- for name in ['day', 'week', 'month', 'quarter'] %}
        when '{{ name }}' then cast({{ dbt.dateadd(name, 1, start) }} as date)
        {%- endfor %}
    end
{%- endmacro -%}

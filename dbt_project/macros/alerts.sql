{#-
    When an alert is raised:
    - warning_probability, critical_probability: that the period ends beyond the limit of its target;
    - so_far_share: what can't be forecast (a median) is told once this share of the period has passed;
    - campaign_days: how long after its end a missed campaign is told of;
    - review_months: how long a reviewed set of KPIs holds (half a year: docs/targets.md).
-#}
{%- macro alert_settings() -%}
    {{- return({
        'warning_probability': 0.5,
        'critical_probability': 0.9,
        'so_far_share': 0.25,
        'campaign_days': 31,
        'review_months': 6,
    }) -}}
{%- endmacro -%}

{#- A KPI's value as people read it: 1,234 · 21.5 % · 1,234,000 JPY · 95 min. -#}
{%- macro number_text(value, unit) -%}
    {{- return(adapter.dispatch('number_text', 'leadmill')(value, unit)) -}}
{%- endmacro -%}

{%- macro duckdb__number_text(value, unit) -%}
    case {{ unit }}
        when 'ratio' then format('{:.1f} %', 100 * cast({{ value }} as double))
        when 'relative' then format('{:.1f} %', 100 * cast({{ value }} as double))
        when 'percent' then format('{:.1f} %', cast({{ value }} as double))
        when 'currency' then format('{:,} {{ var("reporting_currency") }}', cast(round({{ value }}) as bigint))
        when 'minutes' then format('{:,} min', cast(round({{ value }}) as bigint))
        when 'seconds' then format('{:,} s', cast(round({{ value }}) as bigint))
        when 'count' then format('{:,}', cast(round({{ value }}) as bigint))
        else format('{:.1f} ', cast({{ value }} as double)) || {{ unit }}
    end
{%- endmacro -%}

{#- A period's name: 2026-11 or 2026-Q4. -#}
{%- macro period_text(period_grain, period_start) -%}
    case {{ period_grain }}
        when 'quarter'
            then
                cast(extract(year from {{ period_start }}) as {{ dbt.type_string() }}) || '-Q'
                || cast(extract(quarter from {{ period_start }}) as {{ dbt.type_string() }})
        else left(cast({{ period_start }} as {{ dbt.type_string() }}), 7)
    end
{%- endmacro -%}

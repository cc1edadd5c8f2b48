{#- Rate into the reporting currency; null (never 1) where the seed exchange_rates has none. -#}
{%- macro exchange_rate(currency, rate) -%}
    case when {{ currency }} = '{{ var("reporting_currency") }}' then 1 else {{ rate }} end
{%- endmacro -%}

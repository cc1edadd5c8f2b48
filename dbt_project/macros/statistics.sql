{#-
    The two ends of the Wilson score interval of a share at 95 %: null without trials or successes, else within [0, 1] and around the
    share, also for few trials and for shares of 0 and 1. Source: E. B. Wilson, "Probable inference, the law of
    succession, and statistical inference", Journal of the American Statistical Association 22 (1927), 209–212:
    (p + z² / 2n ± z √(p (1 − p) / n + z² / 4n²)) / (1 + z² / n).
-#}
{%- macro wilson_low(successes, trials) -%}
    {{- wilson_end(successes, trials, '-') -}}
{%- endmacro -%}

{%- macro wilson_high(successes, trials) -%}
    {{- wilson_end(successes, trials, '+') -}}
{%- endmacro -%}

{%- macro wilson_end(successes, trials, sign) -%}
    {%- set normal_quantile = 1.959963984540054 -%}{#- 97.5 % of the standard normal distribution lie below it. -#}
    {%- set z2 = normal_quantile * normal_quantile -%}
    {%- set n = 'cast(' ~ trials ~ ' as double)' -%}
    {%- set p = '(cast(' ~ successes ~ ' as double) / ' ~ n ~ ')' -%}
    {#- The formula's rounding must not carry an end over the share itself, nor out of [0, 1]. -#}
    case when {{ trials }} > 0 and {{ successes }} is not null then {{ 'greatest(0.0, least' if sign == '-' else 'least(1.0, greatest' }}(
        {{ p }},
        ({{ p }} + {{ z2 }} / (2 * {{ n }})
            {{ sign }} {{ normal_quantile }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z2 }} / (4 * {{ n }} * {{ n }})))
        / (1 + {{ z2 }} / {{ n }})
    )) end
{%- endmacro -%}

{#-
    Several percentiles of a number in one pass, each interpolated between its neighbours, nulls not counted, as a list in the
    order of `shares`; read them with list_element.
-#}
{%- macro percentiles(expression, shares) -%}
    {{- return(adapter.dispatch('percentiles', 'leadmill')(expression, shares)) -}}
{%- endmacro -%}

{%- macro duckdb__percentiles(expression, shares) -%}
    quantile_cont(cast({{ expression }} as double), [{{ shares | join(', ') }}])
{%- endmacro -%}

{%- macro spark__percentiles(expression, shares) -%}
    percentile({{ expression }}, array({{ shares | join(', ') }}))
{%- endmacro -%}

{#- Product of a number over a group or window; `order_by` fixes the last digit where a group may come in any order. -#}
{%- macro product(expression, order_by=none) -%}
    {{- return(adapter.dispatch('product', 'leadmill')(expression, order_by)) -}}
{%- endmacro -%}

{%- macro duckdb__product(expression, order_by) -%}
    product({{ expression }}{{ ' order by ' ~ order_by if order_by }})
{%- endmacro -%}

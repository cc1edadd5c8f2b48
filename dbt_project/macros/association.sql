{#- Link between two yes/no marks of one population, from its four counts, and a limit of the micro-conversions. -#}

{#-
    Phi, the correlation of two yes/no marks: (n11 n00 - n10 n01) / sqrt(n1. n0. n.1 n.0). Null where a mark never or
    always occurs. Source: H. Cramér, Mathematical Methods of Statistics (1946), chapter 21.
-#}
{%- macro phi_coefficient(both, only_left, only_right, neither) -%}
    {%- set a, b, c, d = 'cast(' ~ both ~ ' as double)', 'cast(' ~ only_left ~ ' as double)', 'cast(' ~ only_right ~ ' as double)', 'cast(' ~ neither ~ ' as double)' -%}
    ({{ a }} * {{ d }} - {{ b }} * {{ c }})
    / nullif(sqrt(({{ a }} + {{ b }}) * ({{ c }} + {{ d }}) * ({{ a }} + {{ c }}) * ({{ b }} + {{ d }})), 0)
{%- endmacro -%}

{#-
    The two ends of a correlation's 95 % interval by Fisher's z: tanh(atanh(r) ± 1.96 / sqrt(n - 3)). Source: R. A. Fisher,
    "On the probable error of a coefficient of correlation", Metron 1 (1921), 3–32. For yes/no marks it is an
    approximation; the verdicts ask for enough cases first. Null for fewer than four cases.
-#}
{%- macro correlation_low(correlation, cases) -%}
    {{- correlation_end(correlation, cases, '-') -}}
{%- endmacro -%}

{%- macro correlation_high(correlation, cases) -%}
    {{- correlation_end(correlation, cases, '+') -}}
{%- endmacro -%}

{%- macro correlation_end(correlation, cases, sign) -%}
    {%- set normal_quantile = 1.959963984540054 -%}
    {#- Rounding may carry a correlation past 1, where atanh has no value. -#}
    case when {{ correlation }} is not null and {{ cases }} > 3
        then tanh(atanh(greatest(-1.0, least(1.0, {{ correlation }}))) {{ sign }} {{ normal_quantile }} / sqrt({{ cases }} - 3))
    end
{%- endmacro -%}

{#- One number of the seed micro_conversion_limits. -#}
{%- macro micro_conversion_limit(limit_id) -%}
    (select value from {{ ref('micro_conversion_limits') }} where limit_id = '{{ limit_id }}')
{%- endmacro -%}

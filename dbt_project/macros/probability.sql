{#-
    Share of the standard normal distribution below z, to 0.00014. Source: S. R. Bowling and others, "A logistic
    approximation to the cumulative normal distribution", Journal of Industrial Engineering and Management 2 (2009),
    114–127. Beyond ±8 nothing changes, and exp() must not overflow.
-#}
{%- macro normal_share_below(z) -%}
    {%- set bounded = 'greatest(-8.0, least(8.0, ' ~ z ~ '))' -%}
    1 / (1 + exp(-(0.07056 * {{ bounded }} * {{ bounded }} * {{ bounded }} + 1.5976 * {{ bounded }})))
{%- endmacro -%}

{#- Product of a number over the rows of a group. -#}
{%- macro product_of(expression) -%}
    {{- return(adapter.dispatch('product_of', 'leadmill')(expression)) -}}
{%- endmacro -%}

{%- macro duckdb__product_of(expression) -%}
    product({{ expression }})
{%- endmacro -%}

{%- macro spark__product_of(expression) -%}
    aggregate(collect_list({{ expression }}), cast(1 as double), (so_far, factor) -> so_far * factor)
{%- endmacro -%}

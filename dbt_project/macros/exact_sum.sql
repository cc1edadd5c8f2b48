{#-
    Sum of numbers that is the same whatever the order of rows: floating-point sums differ in their last digits from run to
    run, and the same inputs must give the same marts. Terms are cut to nine decimals.
-#}
{%- macro exact_sum(expression) -%}
    sum(cast({{ expression }} as decimal(38, 9)))
{%- endmacro -%}

{#-
    Share of the standard normal distribution below z, to 0.00014. Source: S. R. Bowling and others, "A logistic
    approximation to the cumulative normal distribution", Journal of Industrial Engineering and Management 2 (2009),
    114–127. Beyond ±8 nothing changes, and exp() must not overflow.
-#}
{%- macro normal_share_below(z) -%}
    {%- set bounded = 'greatest(-8.0, least(8.0, ' ~ z ~ '))' -%}
    1 / (1 + exp(-(0.07056 * {{ bounded }} * {{ bounded }} * {{ bounded }} + 1.5976 * {{ bounded }})))
{%- endmacro -%}

{#-
    Sum of numbers that is the same whatever the order of rows: floating-point sums differ in their last digits from run to
    run, and the same inputs must give the same marts. Terms are cut to nine decimals.
-#}
{%- macro exact_sum(expression) -%}
    sum(cast({{ expression }} as decimal(38, 9)))
{%- endmacro -%}

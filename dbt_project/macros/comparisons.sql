{#-
    Comparisons of two or more groups. Each argument that stands several times in a formula should be a column, not an
    expression.
-#}

{#-
    The share of the standard normal distribution above z, for z of 0 and more; to about 1e-15. Source: G. West, "Better
    approximations to cumulative normal functions", Wilmott Magazine, May 2005, 70–76 (Hart's algorithm 5666).
-#}
{%- macro normal_upper_tail(z) -%}
    case
        when {{ z }} > 37 then 0.0
        when {{ z }} < 7.07106781186547 then exp(-{{ z }} * {{ z }} / 2)
        * {{ polynomial(z, [
            0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
            221.213596169931, 220.206867912376,
        ]) }}
        / {{ polynomial(z, [
            0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
            637.333633378831, 793.826512519948, 440.413735824752,
        ]) }}
        else exp(-{{ z }} * {{ z }} / 2) / 2.506628274631
        / ({{ z }} + 1 / ({{ z }} + 2 / ({{ z }} + 3 / ({{ z }} + 4 / ({{ z }} + 0.65)))))
    end
{%- endmacro -%}

{#- A polynomial by Horner's rule, from the highest power down; doubles, since DuckDB's decimals overflow. -#}
{%- macro polynomial(x, coefficients) -%}
    {{ '(' * (coefficients | length - 1) }}cast({{ coefficients[0] }} as double)
    {%- for coefficient in coefficients[1:] %} * {{ x }} + {{ coefficient }}){% endfor %}
{%- endmacro -%}

{#- Probability of a standard normal value at least as far from 0 as the (signed) column z. -#}
{%- macro two_sided_p_value(z) -%}
    2 * {{ normal_upper_tail('abs(' ~ z ~ ')') }}
{%- endmacro -%}

{#-
    The quantile of Student's t below which 97.5 % lie; to 2e-3 from 4 degrees of freedom, to 1e-5 from 13. Source:
    M. Abramowitz, I. Stegun, "Handbook of mathematical functions", 26.7.5 (Cornish–Fisher expansion), here with the
    normal quantile 1.959963984540054 put in.
-#}
{%- macro t_quantile(degrees) -%}
    {%- set z = 1.959963984540054 -%}
    ({{ z }}
    + {{ (z ** 3 + z) / 4 }} / {{ degrees }}
    + {{ (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96 }} / pow({{ degrees }}, 2)
    + {{ (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384 }} / pow({{ degrees }}, 3)
    + {{ (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160 }} / pow({{ degrees }}, 4))
{%- endmacro -%}

{#-
    The standard normal value that is as far out as Student's t with these degrees of freedom; to 1e-5 from 4 degrees.
    Source: G. W. Hill, "Algorithm 395: Student's t-distribution", Communications of the ACM 13 (1970), 617–619.
-#}
{%- macro normal_of_t(t, degrees) -%}
    {%- set a = '(' ~ degrees ~ ' - 0.5)' -%}
    {%- set b = '(48 * ' ~ a ~ ' * ' ~ a ~ ')' -%}
    {%- set y = '(' ~ a ~ ' * ln(1 + ' ~ t ~ ' * ' ~ t ~ ' / ' ~ degrees ~ '))' -%}
    sign({{ t }}) * sqrt({{ y }}) * (1 + (
        {{ y }} + 3 + (((-0.4 * {{ y }} - 3.3) * {{ y }} - 24) * {{ y }} - 85.5) / (0.8 * {{ y }} * {{ y }} + 100 + {{ b }})
    ) / {{ b }})
{%- endmacro -%}

{#-
    The two ends of the interval of a difference, made of the two shares' own Wilson intervals: the hybrid score interval,
    method 10 of R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17 (1998), 873–890.
-#}
{%- macro difference_low(share, low, other_share, other_high) -%}
    {{ share }} - {{ other_share }} - sqrt(pow({{ share }} - {{ low }}, 2) + pow({{ other_high }} - {{ other_share }}, 2))
{%- endmacro -%}

{%- macro difference_high(share, high, other_share, other_low) -%}
    {{ share }} - {{ other_share }} + sqrt(pow({{ high }} - {{ share }}, 2) + pow({{ other_share }} - {{ other_low }}, 2))
{%- endmacro -%}

{#- z of two shares under one common share (the pooled two-proportion test); null where the common share is 0 or 1. -#}
{%- macro two_share_z(successes, trials, other_successes, other_trials) -%}
    {%- set common = '(cast(' ~ successes ~ ' + ' ~ other_successes ~ ' as double) / (' ~ trials ~ ' + ' ~ other_trials ~ '))' -%}
    (cast({{ successes }} as double) / {{ trials }} - cast({{ other_successes }} as double) / {{ other_trials }})
    / nullif(sqrt({{ common }} * (1 - {{ common }}) * (1.0 / {{ trials }} + 1.0 / {{ other_trials }})), 0)
{%- endmacro -%}

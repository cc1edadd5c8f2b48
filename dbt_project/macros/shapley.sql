{#-
    Shapley value of one factor's change in a product: the mean effect of changing it, over all orders in which the factors
    could be changed. Exact (the factors' values sum to the whole change), the same for every order of steps, and defined
    where a factor is 0, which a decomposition by logarithms is not. Source: L. S. Shapley, "A value for n-person games",
    Contributions to the Theory of Games II (1953); as a decomposition: A. F. Shorrocks, Journal of Economic Inequality 11
    (2013), 99–126.

    Over the rows of a group, one for each set of changed factors: `product` is the product under the set, `changed` how
    many of `count` factors it changes, `is_changed` whether this one is among them. Half of the sets add, half subtract.
    Summed as decimals, so that the order of rows does not show.
-#}
{%- macro shapley_value(product, changed, is_changed, count) -%}
    cast(sum(cast(
        {{ product }} * case
            when {{ is_changed }} then factorial({{ changed }} - 1) * factorial({{ count }} - {{ changed }})
            else -factorial({{ changed }}) * factorial({{ count }} - {{ changed }} - 1)
        end as decimal(38, 4)
    )) as double) / factorial({{ count }})
{%- endmacro -%}

{#- As many factors as a decomposed product may have: the steps of the seed planned_rates that are on the path. -#}
{%- macro factor_slots() -%}
    {{- return(range(1, 9) | list) -}}
{%- endmacro -%}

{#- How the forecast measures the past; docs/targets.md tells why. -#}
{%- macro forecast_settings() -%}
    {{- return({
        'profile_days': 364,        # whole weeks, so that each weekday is there equally often
        'level_days': 91,           # one quarter: old enough to be steady, young enough to follow growth
        'month_profile_days': 182,  # the month of the quarter speaks only where each was seen twice
        'shortest_history_days': 28,
        'replayed_days': 366,
        'fractions': [0, 0.25, 0.5, 0.75],
        'normal_quantile': 1.2815515655446004,  # 80 % of the standard normal distribution lie within ± this
    }) -}}
{%- endmacro -%}

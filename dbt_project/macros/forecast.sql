{#-
    How the forecast measures the past (docs/targets.md):
    - profile_days: whole weeks, so that each weekday is there equally often;
    - level_days: one quarter, old enough to be steady and young enough to follow growth;
    - month_profile_days: the month of the quarter speaks only where the past holds each twice;
    - shortest_history_days: a younger series has no forecast;
    - replayed_days, fractions: the periods of the last year, forecast again at these shares of their days;
    - normal_quantile: 80 % of the standard normal distribution lie within ± this.
-#}
{%- macro forecast_settings() -%}
    {{- return({
        'profile_days': 364,
        'level_days': 91,
        'month_profile_days': 182,
        'shortest_history_days': 28,
        'replayed_days': 366,
        'fractions': [0, 0.25, 0.5, 0.75],
        'normal_quantile': 1.2815515655446004,
    }) -}}
{%- endmacro -%}

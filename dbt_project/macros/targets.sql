{#-
    The conditions under which a target breaks a rule of the seed smart_rules, over the columns of int_target__validated's
    CTE `described`. What a blank number or period already explains is not told a second time.
-#}
{%- macro smart_rules() -%}
    {{- return({
        'unknown_kpi': 'aggregation is null',
        'unknown_dimension': "coalesce(dimension, '') not in ('" ~ target_dimensions() | join("', '") ~ "')
            or dimension_value is null or (dimension = 'overall' and dimension_value != 'all')
            or (period_grain = 'campaign' and dimension != 'campaign')",
        'dimension_not_of_kpi': "aggregation is not null and not is_shown_by and dimension in ('" ~ target_dimensions() | join("', '") ~ "')",
        'doubled': 'same_cell > 1',
        'no_number': 'target is null',
        'out_of_range': "(target < 0 and unit != 'relative') or (unit = 'ratio' and target > 1)",
        'bad_threshold': 'coalesce(threshold, 0) <= 0 or threshold > 1',
        'not_measurable_by_campaign': "period_grain = 'campaign' and aggregation not in ('sum', 'ratio')",
        'no_owner': 'owner is null',
        'no_goal': 'kgi_kpi_id is null',
        'not_in_tree': 'kgi_kpi_id is not null and aggregation is not null and not leads_to_goal',
        'no_period': "coalesce(period_grain, '') not in ('month', 'quarter', 'campaign') or period_start is null",
        'period_not_a_start': "(period_grain in ('month', 'quarter') and period_start != calendar_start)
            or (period_grain = 'campaign' and period_start != campaign_started_on)",
        'campaign_without_end': "period_grain = 'campaign' and campaign_ended_on is null",
        'judged_at_wrong_time': "coalesce(judged, '') != case when period_grain = 'campaign' then 'campaign_end' else 'continuous' end",
    }) -}}
{%- endmacro -%}

{#- The dimensions that a target may be set in: those of mart_kpi_values. -#}
{%- macro target_dimensions() -%}
    {{- return([
        'overall', 'channel', 'campaign', 'content', 'segment', 'owner', 'conversion_point', 'channel_x_conversion_point',
    ]) -}}
{%- endmacro -%}

{#-
    How much of a target is reached, 1 when it is met. Where less is better the target is divided by the value; nothing
    spent or waited is then more than met, which no number tells: null. Nor has a target of 0 or less a share: null.
-#}
{%- macro attainment(value, target, direction) -%}
    case
        when {{ target }} <= 0 then null
        when {{ direction }} = 'down' then {{ target }} / nullif({{ value }}, 0)
        else {{ value }} / {{ target }}
    end
{%- endmacro -%}

{#-
    The value beyond which a target counts as missed: on its worse side by the share of its size that the threshold leaves,
    also where the target itself is negative (a loss that is planned).
-#}
{%- macro miss_limit(target, threshold, direction) -%}
    case
        when {{ direction }} = 'down' and {{ target }} < 0 then {{ target }} * (2 - 1 / {{ threshold }})
        when {{ direction }} = 'down' then {{ target }} / {{ threshold }}
        when {{ target }} < 0 then {{ target }} * (2 - {{ threshold }})
        else {{ target }} * {{ threshold }}
    end
{%- endmacro -%}

{#- Whether a value is on the wrong side of the limit. -#}
{%- macro is_missed(value, miss_limit, direction) -%}
    case when {{ direction }} = 'down' then {{ value }} > {{ miss_limit }} else {{ value }} < {{ miss_limit }} end
{%- endmacro -%}

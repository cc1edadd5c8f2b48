{#-
    The additive measures by the CTE of int_kpi__measures that counts them. The seed kpi_catalogue builds its KPIs from
    these names, and a test holds it to them.
-#}
{%- macro kpi_measures() -%}
    {{- return({
        'counted_sessions': ['sessions', 'converted_sessions'],
        'counted_mails': [
            'mails_sent', 'mails_not_bounced', 'mails_delivered', 'mails_opened', 'mails_clicked', 'mails_unsubscribed',
        ],
        'counted_leads': ['leads', 'valid_leads', 'leads_won'],
        'counted_mqls': ['mql_reached', 'mql_with_sql', 'mql_with_meeting'],
        'counted_sals': ['sal_reached'],
        'counted_sqls': ['sql_reached'],
        'counted_meetings': ['first_meetings'],
        'created_opportunities': ['opportunities_created'],
        'closed_opportunities': ['opportunities_closed', 'opportunities_won', 'won_amount'],
        'summed_costs': ['acquisition_cost'],
    }) -}}
{%- endmacro -%}

{#- The durations that mart_kpi_values takes medians of. -#}
{%- macro kpi_durations() -%}
    {{- return(['lead_to_sal', 'mql_to_sql']) -}}
{%- endmacro -%}

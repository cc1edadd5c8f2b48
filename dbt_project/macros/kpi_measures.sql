{#-
    What KPIs are made of, as data: each model that counts measures, the dimensions its facts have, and the measures it
    counts. int_kpi__measures unites them; the seed kpi_catalogue builds its KPIs from their names, and a test holds it to
    them. A measure that two models count has the dimensions of both.
-#}
{%- macro kpi_measures() -%}
    {%- set journey_dimensions = ['channel', 'campaign', 'content', 'segment', 'owner', 'conversion_point'] -%}
    {{- return({
        'int_kpi__web': {
            'dimensions': ['channel', 'campaign', 'content'],
            'measures': [
                'sessions', 'converted_sessions', 'form_view_sessions', 'form_view_conversions', 'form_start_sessions',
                'form_start_conversions', 'cta_views', 'cta_clicks', 'scrolled_sessions', 'scroll_percent',
            ],
        },
        'int_kpi__email': {
            'dimensions': ['channel', 'campaign', 'content'],
            'measures': [
                'mails_sent', 'mails_not_bounced', 'mails_delivered', 'mails_opened', 'mails_clicked',
                'mails_unsubscribed', 'mails_converted', 'mail_broadcasts',
            ],
        },
        'int_kpi__journeys': {
            'dimensions': journey_dimensions,
            'measures': [
                'leads', 'valid_leads', 'leads_won', 'mql_reached', 'mql_with_sql', 'mql_with_meeting', 'sal_reached',
                'sql_reached', 'sql_with_opportunity', 'first_meetings', 'journeys_hot', 'journeys_reactivated',
            ],
        },
        'int_kpi__opportunities': {
            'dimensions': journey_dimensions,
            'measures': [
                'opportunities_created', 'opportunities_closed', 'opportunities_won', 'won_amount',
                'monthly_gross_profit', 'net_return',
            ],
        },
        'int_kpi__costs': {
            'dimensions': ['channel', 'campaign'],
            'measures': ['acquisition_cost', 'total_cost', 'net_return'],
        },
        'int_kpi__calls': {
            'dimensions': ['campaign', 'owner'],
            'measures': ['calls', 'calls_connected', 'calls_with_meeting', 'talk_minutes'],
        },
        'int_kpi__call_lists': {
            'dimensions': ['campaign'],
            'measures': ['call_list_members'],
        },
        'int_kpi__step_mails': {
            'dimensions': ['channel', 'content'],
            'measures': ['step_mail_enrolments', 'step_mail_completions'],
        },
        'int_kpi__seminars': {
            'dimensions': ['channel', 'content'],
            'measures': [
                'seminar_registrations', 'started_seminar_registrations', 'started_seminar_attendances',
                'seminar_attendances', 'seminar_survey_answers', 'promising_answers', 'seminar_meetings',
            ],
        },
        'int_kpi__downloads': {
            'dimensions': ['campaign', 'content', 'conversion_point'],
            'measures': ['downloads', 'downloads_with_meeting'],
        },
        'int_kpi__imports': {
            'dimensions': ['channel', 'campaign'],
            'measures': ['leads_imported'],
        },
        'int_kpi__contents': {
            'dimensions': [],
            'measures': ['forms_made', 'contents_made'],
        },
    }) -}}
{%- endmacro -%}

{#- The measures of int_kpi__observations, whose distinct counts and medians can't be added up, and their dimensions. -#}
{%- macro kpi_observations() -%}
    {%- set journey_dimensions = ['channel', 'campaign', 'content', 'segment', 'owner', 'conversion_point'] -%}
    {{- return({
        'visitors': ['channel', 'campaign', 'content'],
        'dwell_seconds': ['channel', 'campaign', 'content'],
        'persons_mailed': ['channel', 'campaign', 'content'],
        'lead_to_sal_minutes': journey_dimensions,
        'mql_to_sql_minutes': journey_dimensions,
        'sales_cycle_days': journey_dimensions,
    }) -}}
{%- endmacro -%}

{#- Each dimension's column, and the value that stands for none. -#}
{%- macro kpi_dimension_columns() -%}
    {{- return({
        'channel': ('channel', 'unattributed'),
        'campaign': ('campaign_id', 'unattributed'),
        'content': ('content_id', 'unattributed'),
        'segment': ('segment', 'unknown'),
        'owner': ('owner_id', 'unassigned'),
        'conversion_point': ('conversion_point', 'unattributed'),
    }) -}}
{%- endmacro -%}

{#- The columns of all dimensions for rows that have only these; the others hold the value that stands for none. -#}
{%- macro kpi_dimension_values(dimensions) -%}
    {%- for dimension, (column, absent) in kpi_dimension_columns().items() %}
    {{ "coalesce(" ~ column ~ ", '" ~ absent ~ "')" if dimension in dimensions else "'" ~ absent ~ "'" }} as {{ column }}
    {{- ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro -%}

{#- Every dimension that a roll-up by KPI has: overall, those of the facts, and the pair. -#}
{%- macro kpi_rollup_dimensions(dimensions) -%}
    {%- set pair = ['channel_x_conversion_point'] if 'channel' in dimensions and 'conversion_point' in dimensions else [] -%}
    {{- return(['overall'] + dimensions + pair) -}}
{%- endmacro -%}

{#- Public dimension → column, for the roll-up macros. -#}
{%- macro kpi_rollup_columns(dimensions) -%}
    {%- set columns = {} -%}
    {%- for dimension in kpi_rollup_dimensions(dimensions) if dimension != 'overall' -%}
        {%- do columns.update({dimension: kpi_dimension_columns().get(dimension, (dimension, none))[0]}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro -%}

{#- Every measure and observation with the dimensions that all models that count it have. -#}
{%- macro kpi_measure_dimensions() -%}
    {%- set known = {} -%}
    {%- for family in kpi_measures().values() -%}
        {%- for measure in family['measures'] -%}
            {%- set before = known.get(measure, family['dimensions']) -%}
            {%- do known.update({measure: family['dimensions'] | select('in', before) | list}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do known.update(kpi_observations()) -%}
    {{- return(known) -}}
{%- endmacro -%}

{#- Path of a URL without query, fragment and trailing slash ('/' for the root). -#}
{%- macro url_path(url) -%}
    coalesce({{ extracted(url, '^(?:[a-zA-Z]+://[^/?#]*)?(/[^?#]*[^/?#])') }}, case when {{ url }} is not null then '/' end)
{%- endmacro -%}

{#- Host of a URL in lower case, without its port and a leading www; null where the text names none. -#}
{%- macro url_host(url) -%}
    lower({{ extracted(url, '^[a-zA-Z]+://(?:[wW]{3}[.])?([^/?#:]+)') }})
{%- endmacro -%}

{#- Value of one parameter in a URL's query. -#}
{%- macro url_parameter(url, name) -%}
    {{- return(adapter.dispatch('url_parameter', 'leadmill')(url, name)) -}}
{%- endmacro -%}

{%- macro duckdb__url_parameter(url, name) -%}
    {#- A value that is no UTF-8 (an old Shift_JIS link) stays as it stands in the link. -#}
    {%- set encoded = "replace(regexp_extract(" ~ url ~ ", '[?&]" ~ name ~ "=([^&#]*)', 1), '+', ' ')" -%}
    nullif(coalesce(try(url_decode({{ encoded }})), {{ encoded }}), '')
{%- endmacro -%}

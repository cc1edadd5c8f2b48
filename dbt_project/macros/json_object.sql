{#- JSON object of names and expressions; names whose value is null are left out, and without any the result is null. -#}
{%- macro json_object(members) -%}
    {{- return(adapter.dispatch('json_object', 'leadmill')(members)) -}}
{%- endmacro -%}

{%- macro duckdb__json_object(members) -%}
    {#- Most hits carry none of the members: they are passed by before any JSON is written. -#}
    case when coalesce(
        {%- for expression in members.values() %}cast({{ expression }} as varchar){{ ', ' if not loop.last }}{% endfor -%}
    ) is not null then json_merge_patch('{}', json_object(
        {%- for name, expression in members.items() %}'{{ name }}', {{ expression }}{{ ', ' if not loop.last }}{% endfor -%}
    )) end
{%- endmacro -%}

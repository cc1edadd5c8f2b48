{#- Elements of a separated text as a list without empty ones. -#}
{%- macro split_list(text, separator) -%}
    {{- return(adapter.dispatch('split_list', 'leadmill')(text, separator)) -}}
{%- endmacro -%}

{%- macro duckdb__split_list(text, separator) -%}
    list_filter(string_split(coalesce({{ text }}, ''), '{{ separator }}'), lambda element: trim(element) <> '')
{%- endmacro -%}

{#- Value at a name in two parallel lists of names and values; null where the name is absent. -#}
{%- macro value_named(names, entries, name) -%}
    {{- return(adapter.dispatch('value_named', 'leadmill')(names, entries, name)) -}}
{%- endmacro -%}

{%- macro duckdb__value_named(names, entries, name) -%}
    list_extract({{ entries }}, list_position({{ names }}, '{{ name }}'))
{%- endmacro -%}

{#- One field of every struct in a list. -#}
{%- macro field_of_each(structs, field) -%}
    {{- return(adapter.dispatch('field_of_each', 'leadmill')(structs, field)) -}}
{%- endmacro -%}

{%- macro duckdb__field_of_each(structs, field) -%}
    list_transform({{ structs }}, lambda entry: entry.{{ field }})
{%- endmacro -%}

{#- Element of a list by its place, from 1; null where the list ends before it. -#}
{%- macro list_element(list, place) -%}
    {{- return(adapter.dispatch('list_element', 'leadmill')(list, place)) -}}
{%- endmacro -%}

{%- macro duckdb__list_element(list, place) -%}
    list_extract({{ list }}, {{ place }})
{%- endmacro -%}

{#- Value of a named attribute in JSON: of an object, or of a list of objects with name and value; else null. -#}
{%- macro attribute_named(attributes, name) -%}
    {{- return(adapter.dispatch('attribute_named', 'leadmill')(attributes, name)) -}}
{%- endmacro -%}

{%- macro duckdb__attribute_named(attributes, name) -%}
    coalesce(
        json_extract_string({{ attributes }}, '$."{{ name }}"'),
        {{ value_named(
            field_of_each(duckdb__attributes_listed(attributes), 'name'),
            field_of_each(duckdb__attributes_listed(attributes), 'value'),
            name
        ) }}
    )
{%- endmacro -%}

{%- macro duckdb__attributes_listed(attributes) -%}
    json_transform({{ attributes }}, '[{"name": "VARCHAR", "value": "VARCHAR"}]')
{%- endmacro -%}

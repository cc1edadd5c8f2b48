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

{#-
    Attributes in JSON: those of an object as a struct with a text for each name, those of a list of objects with name and
    value as a list of structs. Each is null where the JSON is of the other shape.
-#}
{%- macro attributes_of_object(attributes, names) -%}
    {{- return(adapter.dispatch('attributes_of_object', 'leadmill')(attributes, names)) -}}
{%- endmacro -%}

{%- macro duckdb__attributes_of_object(attributes, names) -%}
    json_transform({{ attributes }}, '{ {%- for name in names %}"{{ name }}": "VARCHAR"{{ ', ' if not loop.last }}{% endfor -%} }')
{%- endmacro -%}

{%- macro attributes_of_list(attributes) -%}
    {{- return(adapter.dispatch('attributes_of_list', 'leadmill')(attributes)) -}}
{%- endmacro -%}

{%- macro duckdb__attributes_of_list(attributes) -%}
    json_transform({{ attributes }}, '[{"name": "VARCHAR", "value": "VARCHAR"}]')
{%- endmacro -%}

{#- One of the attributes, of whichever shape: from columns as `attributes_of_object` and `attributes_of_list` give them. -#}
{%- macro attribute_named(name) -%}
    coalesce(attributes_of_object."{{ name }}", {{ value_named('attribute_names', 'attribute_values', name) }})
{%- endmacro -%}

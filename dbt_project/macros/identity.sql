{#- The limit of seed identity_limits for one kind of identifier. -#}
{%- macro identity_limit(identifier_type, counted_type) -%}
    (
        select at_most from {{ ref('identity_limits') }}
        where identifier_type = '{{ identifier_type }}' and counted_type = '{{ counted_type }}'
    )
{%- endmacro -%}

{#- Whether two full names of one script, each given by its tokens, share none of them: two people's names. -#}
{%- macro names_differ(left_name, right_name) -%}
    {{ left_name }}.script = {{ right_name }}.script
    and {{ left_name }}.token_count > 1
    and {{ right_name }}.token_count > 1
    and len(list_intersect(string_split({{ left_name }}.name_key, ' '), string_split({{ right_name }}.name_key, ' '))) = 0
{%- endmacro -%}

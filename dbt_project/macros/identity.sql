{#- The limit of seed identity_limits for one kind of identifier. -#}
{%- macro identity_limit(identifier_type, counted_type) -%}
    (
        select at_most from {{ ref('identity_limits') }}
        where identifier_type = '{{ identifier_type }}' and counted_type = '{{ counted_type }}'
    )
{%- endmacro -%}

{#- Whether two full names of one script share no part: two people's names (identity.normalisation.person_name). -#}
{%- macro names_differ(left_name, right_name) -%}
    {{ left_name }}.script = {{ right_name }}.script
    and {{ left_name }}.full_name_key is not null
    and {{ right_name }}.full_name_key is not null
    and len(list_intersect({{ left_name }}.name_parts, {{ right_name }}.name_parts)) = 0
{%- endmacro -%}

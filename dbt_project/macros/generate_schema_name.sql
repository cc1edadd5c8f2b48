{#- Schemas are public names (raw, staging, intermediate, identity, marts): dbt must not prefix them. -#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro -%}

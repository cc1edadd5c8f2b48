-- A table: it is read three times, and parses JSON.
{{ config(materialized='table') }}

{%- set names = [
    'Is Bot Activity', 'Link', 'Merge IDs', 'New Value', 'Query Parameters', 'Referrer URL', 'Webpage URL',
] %}

with
source as (
    select * from {{ source('raw', 'marketo__activities') }}
),

-- An activity delivered again may name another lead: the winner that its lead was merged into.
latest as (
    {{ latest_version('source', key=['marketoGUID']) }}
),

-- The bulk extract has an object, the REST API a list.
parsed as (
    select
        *,
        {{ attributes_of_object('attributes', names) }} as attributes_of_object,
        {{ attributes_of_list('attributes') }} as listed
    from latest
),

listed as (
    select
        *,
        {{ field_of_each('listed', 'name') }} as attribute_names,
        {{ field_of_each('listed', 'value') }} as attribute_values
    from parsed
),

named as (
    select
        *,
        {{ attribute_named('Is Bot Activity') }} as is_bot_activity,
        {{ attribute_named('Link') }} as link,
        {{ attribute_named('Merge IDs') }} as merge_ids,
        {{ attribute_named('New Value') }} as new_value,
        {{ attribute_named('Query Parameters') }} as query_parameters,
        {{ attribute_named('Referrer URL') }} as referrer_url,
        {{ attribute_named('Webpage URL') }} as webpage_url
    from listed
),

final as (
    select
        -- ids
        _source as source_system,
        marketoGUID as activity_id,
        leadId as lead_id,
        cast(activityTypeId as {{ dbt.type_string() }}) as activity_type_id,
        primaryAttributeValueId as asset_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        coalesce(webpage_url, referrer_url) as page_url,
        query_parameters,
        link as link_url,
        {{ split_list("translate(merge_ids, '[] ', '')", ',') }} as merged_lead_ids,

        -- numbers
        try_cast(new_value as decimal(18, 2)) as new_value,

        -- booleans
        coalesce(lower(is_bot_activity) in ('true', '1'), false) as is_bot,

        -- times
        activityDate as occurred_at
    from named
)

select * from final

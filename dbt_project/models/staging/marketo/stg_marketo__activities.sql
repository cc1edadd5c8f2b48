with
source as (
    select * from {{ source('raw', 'marketo__activities') }}
),

-- An activity delivered again may name another lead: the winner that its lead was merged into.
latest as (
    {{ latest_version('source', key=['marketoGUID']) }}
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
        coalesce({{ attribute_named('attributes', 'Webpage URL') }}, {{ attribute_named('attributes', 'Referrer URL') }})
            as page_url,
        {{ attribute_named('attributes', 'Query Parameters') }} as query_parameters,
        {{ attribute_named('attributes', 'Link') }} as link_url,
        {{ split_list("translate(" ~ attribute_named('attributes', 'Merge IDs') ~ ", '[] ', '')", ',') }}
            as merged_lead_ids,

        -- numbers
        try_cast({{ attribute_named('attributes', 'New Value') }} as decimal(18, 2)) as new_value,

        -- booleans
        coalesce(lower({{ attribute_named('attributes', 'Is Bot Activity') }}) in ('true', '1'), false) as is_bot,

        -- times
        activityDate as occurred_at
    from latest
)

select * from final

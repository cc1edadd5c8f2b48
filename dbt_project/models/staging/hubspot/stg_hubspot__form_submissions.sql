with
source as (
    select * from {{ source('raw', 'hubspot__form_submissions') }}
),

latest as (
    {{ latest_version('source', key=['formGuid', 'submittedAt', '"values"']) }}
),

fields as (
    select
        *,
        {{ field_of_each('"values"', 'name') }} as field_names,
        {{ field_of_each('"values"', 'value') }} as field_values
    from latest
),

final as (
    select
        -- ids
        _source as source_system,
        {{ pseudonym(['_source', 'formGuid', 'submittedAt', '"values"']) }} as form_submission_id,
        formGuid as form_id,
        {{ value_named('field_names', 'field_values', 'ga_client_id') }} as anonymous_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        lower({{ cleaned(value_named('field_names', 'field_values', 'email')) }}) as email,
        pageUrl as page_url,

        -- times
        submittedAt as submitted_at
    from fields
)

select * from final

with
source as (
    select * from {{ source('raw', 'files__person') }}
),

latest as (
    {{ latest_version('source', key=['person_ref']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        person_ref as person_id,
        {{ cleaned('external_id') }} as external_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('email') }} as email,
        {{ cleaned('phone') }} as phone,
        {{ cleaned('full_name') }} as full_name,
        {{ cleaned('company_name') }} as company_name,
        {{ cleaned('address') }} as address,
        {{ cleaned('postal_code') }} as postal_code,
        {{ cleaned('birth_date') }} as birth_date,

        -- booleans
        may_email,

        -- times
        created_at
    from latest
)

select * from final

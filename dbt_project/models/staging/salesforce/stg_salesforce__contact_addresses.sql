with
source as (
    select * from {{ source('raw', 'salesforce__contacts') }}
    where _delivered_at <= {{ as_of() }}
),

final as (
    select distinct
        _source as source_system,
        Id as contact_id,
        {{ cleaned('Email') }} as email
    from source
)

select * from final

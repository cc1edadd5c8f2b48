with
source as (
    select * from {{ source('raw', 'salesforce__leads') }}
    where _delivered_at <= {{ as_of() }}
),

final as (
    select distinct
        _source as source_system,
        Id as lead_id,
        {{ cleaned('Email') }} as email
    from source
)

select * from final

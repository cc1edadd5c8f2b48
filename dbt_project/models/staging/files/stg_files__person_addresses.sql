with
source as (
    select * from {{ source('raw', 'files__person') }}
    where _delivered_at <= {{ as_of() }}
),

final as (
    select distinct
        _source as source_system,
        person_ref as person_id,
        {{ cleaned('email') }} as email
    from source
)

select * from final

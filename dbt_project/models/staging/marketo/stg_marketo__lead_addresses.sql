with
source as (
    select * from {{ source('raw', 'marketo__leads') }}
    where _delivered_at <= {{ as_of() }}
),

final as (
    select distinct
        _source as source_system,
        id as lead_id,
        {{ cleaned('email') }} as email
    from source
)

select * from final

with
source as (
    select * from {{ source('raw', 'account_engagement__prospects') }}
    where _delivered_at <= {{ as_of() }}
),

final as (
    select distinct
        _source as source_system,
        id as prospect_id,
        {{ cleaned('email') }} as email
    from source
)

select * from final

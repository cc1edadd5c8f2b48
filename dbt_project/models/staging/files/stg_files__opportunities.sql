with
source as (
    select * from {{ source('raw', 'files__opportunity') }}
),

latest as (
    {{ latest_version('source', key=['opportunity_id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        opportunity_id,
        lead_id,
        account_ref as account_id,
        person_ref as person_id,
        {{ cleaned('owner_id') }} as owner_id,

        -- text
        {{ cleaned('stage') }} as stage,
        {{ cleaned('name') }} as opportunity_name,
        {{ cleaned('product') }} as product,
        upper({{ cleaned('currency') }}) as currency,

        -- numbers
        amount,

        -- times
        created_at,
        closed_at
    from latest
)

select * from final

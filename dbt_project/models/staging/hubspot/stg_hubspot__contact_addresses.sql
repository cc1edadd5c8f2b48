with
source as (
    select * from {{ source('raw', 'hubspot__contacts') }}
    where _delivered_at <= {{ as_of() }}
),

final as (
    select distinct
        _source as source_system,
        id as contact_id,
        unnest(list_append({{ split_list('hs_additional_emails', ';') }}, {{ cleaned('email') }})) as email
    from source
)

select * from final

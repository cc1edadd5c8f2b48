with
relations as (
    select * from {{ ref('int_identity__account_relations') }}
),

final as (
    select
        person_id,
        account_id,
        evidence,
        valid_from,
        valid_to,
        is_current
    from relations
)

select * from final

with
calls as (
    select * from {{ ref('fct_calls') }}
),

final as (
    select
        {{ business_day('occurred_at') }} as date_on,
        owner_id,
        count(*) as calls
    from calls
    group by all
)

select * from final

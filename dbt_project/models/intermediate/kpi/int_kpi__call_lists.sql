with
members as (
    select * from {{ ref('fct_call_list_members') }}
),

final as (
    select
        {{ business_day('listed_at') }} as date_on,
        campaign_id,
        count(*) as call_list_members
    from members
    group by all
)

select * from final

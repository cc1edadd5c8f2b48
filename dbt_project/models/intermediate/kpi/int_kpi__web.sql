with
sessions as (
    select * from {{ ref('fct_sessions') }}
),

final as (
    select
        {{ business_day('started_at') }} as date_on,
        channel,
        campaign_id,
        landing_path as content_id,
        count(*) as sessions,
        count(*) filter (where is_converted) as converted_sessions
    from sessions
    group by all
)

select * from final

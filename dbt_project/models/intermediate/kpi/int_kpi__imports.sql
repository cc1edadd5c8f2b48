with
lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
),

final as (
    select
        {{ business_day('created_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as leads_imported
    from lead_records
    where lead_kind = 'file'
    group by all
)

select * from final

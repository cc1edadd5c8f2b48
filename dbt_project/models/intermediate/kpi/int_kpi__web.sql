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
        count(*) filter (where is_converted) as converted_sessions,
        count(*) filter (where has_form_view) as form_view_sessions,
        count(*) filter (where has_form_view and is_converted) as form_view_conversions,
        count(*) filter (where has_form_start) as form_start_sessions,
        count(*) filter (where has_form_start and is_converted) as form_start_conversions,
        cast(sum(cta_view_count) as bigint) as cta_views,
        cast(sum(cta_click_count) as bigint) as cta_clicks,
        count(max_scroll_percent) as scrolled_sessions,
        coalesce(sum(max_scroll_percent), 0) as scroll_percent
    from sessions
    group by all
)

select * from final

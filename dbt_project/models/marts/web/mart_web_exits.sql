{%- set grains = ['day', 'week', 'month', 'quarter', 'all'] -%}

with
events as (
    select * from {{ ref('fct_events') }}
    where session_id is not null and event_name = 'page_view' and page_path is not null
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

pages as (
    select
        session_id,
        page_path,
        max((occurred_at, event_id)) as last_view
    from events
    group by session_id, page_path
),

dated as (
    select
        pages.page_path,
        sessions.is_converted,
        sessions.page_view_count,
        pages.page_path = sessions.landing_path as is_entry,
        pages.last_view = max(pages.last_view) over (partition by pages.session_id) as is_exit,
        {{ business_day('sessions.started_at') }} as date_on
    from pages
    inner join sessions on pages.session_id = sessions.session_id
),

grouped as (
    select
        *,
        {{ rollup_periods(grains) }}
    from dated
),

counted as (
    select
        {{ rollup_labels(grains, {'page': 'page_path'}) }},
        count(*) as sessions,
        count(*) filter (where is_entry) as entries,
        count(*) filter (where is_entry and page_view_count = 1) as bounces,
        count(*) filter (where is_exit) as exits,
        count(*) filter (where is_exit and not is_converted) as unconverted_exits
    from grouped
    group by {{ rollup_sets([], grains, {'page': 'page_path'}) }} -- noqa: PRS
),

final as (
    select
        period_grain,
        period_start,
        dimension_value as page_path,
        sessions,
        entries,
        bounces,
        exits,
        unconverted_exits,
        exits / sessions as exit_rate,
        unconverted_exits / sessions as drop_off_rate,
        {{ wilson_low('unconverted_exits', 'sessions') }} as drop_off_rate_low,
        {{ wilson_high('unconverted_exits', 'sessions') }} as drop_off_rate_high
    from counted
    where dimension = 'page'
)

select * from final

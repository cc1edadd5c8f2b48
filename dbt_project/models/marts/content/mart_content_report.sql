{%- set grains = ['month', 'quarter', 'all'] -%}
{%- set outcome_ends_at = dbt.dateadd('day', var('content_outcome_days'), 'encounters.first_at') -%}

with
encounters as (
    select * from {{ ref('int_content__encounters') }}
),

micro_conversions as (
    select * from {{ ref('fct_micro_conversions') }}
),

definitions as (
    select * from {{ ref('dim_micro_conversion') }}
    where is_active
),

finals as (
    select * from {{ ref('int_micro_conversion__finals') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

downloads as (
    select * from {{ ref('int_kpi__downloads') }}
),

exits as (
    select * from {{ ref('mart_web_exits') }}
),

contents as (
    select * from {{ ref('dim_content') }}
),

-- What a content may lead to: a micro-conversion, a final conversion that one is held against, a first meeting.
outcomes as (
    select
        subject_id,
        'micro_conversion' as outcome,
        reached_at as happened_at
    from micro_conversions
    union all
    select
        subject_id,
        'conversion' as outcome,
        converted_at as happened_at
    from finals
    where final_conversion in (select definitions.final_conversion from definitions)
    union all
    select
        person_id as subject_id,
        'meeting' as outcome,
        meeting_at as happened_at
    from lifecycle
    where meeting_at is not null
),

-- Within the days after the first encounter of the period; the encounter itself may be the micro-conversion.
led as (
    select
        encounters.content_id,
        encounters.period_grain,
        encounters.period_start,
        count(distinct encounters.subject_id) filter (where outcomes.outcome = 'micro_conversion') as with_micro_conversion,
        count(distinct encounters.subject_id) filter (where outcomes.outcome = 'conversion') as with_conversion,
        count(distinct encounters.subject_id) filter (where outcomes.outcome = 'meeting') as with_meeting
    from encounters
    inner join outcomes
        on
            encounters.subject_id = outcomes.subject_id
            and encounters.first_at <= outcomes.happened_at
            and {{ outcome_ends_at }} > outcomes.happened_at
    group by encounters.content_id, encounters.period_grain, encounters.period_start
),

met as (
    select
        content_id,
        period_grain,
        period_start,
        cast(sum(views) as bigint) as views,
        cast(sum(actions) as bigint) as actions,
        count(*) as people
    from encounters
    group by content_id, period_grain, period_start
),

-- The journeys that a content took.
taken as (
    select
        *,
        {{ rollup_periods(grains) }}
    from (
        select
            *,
            {{ business_day('created_at') }} as date_on
        from lifecycle
        where content_id is not null
    ) as journeys
),

leads as (
    {% for grain in grains -%}
    select
        content_id,
        '{{ grain }}' as period_grain,
        {{ 'cast(null as date)' if grain == 'all' else grain ~ '_on' }} as period_start,
        count(*) as leads,
        count(meeting_at) as leads_with_meeting,
        count(sql_at) as leads_with_sql,
        count(won_at) as leads_won,
        cast(sum(won_amount) as decimal(18, 2)) as won_amount
    from taken
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

dated_downloads as (
    select
        *,
        {{ rollup_periods(grains) }}
    from downloads
),

downloaded as (
    {% for grain in grains -%}
    select
        content_id,
        '{{ grain }}' as period_grain,
        {{ 'cast(null as date)' if grain == 'all' else grain ~ '_on' }} as period_start,
        cast(sum(downloads) as bigint) as downloads,
        cast(sum(downloads_with_meeting) as bigint) as downloads_with_meeting
    from dated_downloads
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

rows_told as (
    select content_id, period_grain, period_start from met
    union
    select content_id, period_grain, period_start from leads
),

final as (
    select
        rows_told.content_id,
        contents.content_name,
        contents.content_type,
        contents.conversion_point,
        rows_told.period_grain,
        rows_told.period_start,
        coalesce(met.views, 0) as views,
        coalesce(met.actions, 0) as actions,
        coalesce(met.people, 0) as people,
        coalesce(led.with_micro_conversion, 0) as people_with_micro_conversion,
        coalesce(led.with_micro_conversion, 0) / nullif(met.people, 0) as micro_conversion_rate,
        coalesce(led.with_conversion, 0) as people_with_conversion,
        coalesce(led.with_conversion, 0) / nullif(met.people, 0) as conversion_rate,
        coalesce(led.with_meeting, 0) as people_with_meeting,
        coalesce(led.with_meeting, 0) / nullif(met.people, 0) as meeting_rate,
        exits.exits,
        exits.exit_rate,
        coalesce(downloaded.downloads, 0) as downloads,
        coalesce(downloaded.downloads_with_meeting, 0) as downloads_with_meeting,
        downloaded.downloads_with_meeting / nullif(downloaded.downloads, 0) as download_meeting_rate,
        coalesce(leads.leads, 0) as leads,
        coalesce(leads.leads_with_meeting, 0) as leads_with_meeting,
        leads.leads_with_meeting / nullif(leads.leads, 0) as lead_meeting_rate,
        {{ wilson_low('leads.leads_with_meeting', 'leads.leads') }} as lead_meeting_rate_low,
        {{ wilson_high('leads.leads_with_meeting', 'leads.leads') }} as lead_meeting_rate_high,
        coalesce(leads.leads_with_sql, 0) as leads_with_sql,
        coalesce(leads.leads_won, 0) as leads_won,
        coalesce(leads.won_amount, 0) as won_amount
    from rows_told
    inner join contents
        on rows_told.content_id = contents.content_id
    left join met
        on
            rows_told.content_id = met.content_id
            and rows_told.period_grain = met.period_grain
            and rows_told.period_start is not distinct from met.period_start
    left join led
        on
            rows_told.content_id = led.content_id
            and rows_told.period_grain = led.period_grain
            and rows_told.period_start is not distinct from led.period_start
    left join exits
        on
            rows_told.content_id = exits.page_path
            and rows_told.period_grain = exits.period_grain
            and rows_told.period_start is not distinct from exits.period_start
    left join downloaded
        on
            rows_told.content_id = downloaded.content_id
            and rows_told.period_grain = downloaded.period_grain
            and rows_told.period_start is not distinct from downloaded.period_start
    left join leads
        on
            rows_told.content_id = leads.content_id
            and rows_told.period_grain = leads.period_grain
            and rows_told.period_start is not distinct from leads.period_start
)

select * from final

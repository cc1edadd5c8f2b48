with
sessions as (
    select * from {{ ref('fct_sessions') }}
),

mails as (
    select * from {{ ref('fct_email_messages') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

visitors as (
    select
        {{ business_day('started_at') }} as date_on,
        channel,
        campaign_id,
        landing_path as content_id,
        visitor_id as member_id,
        cast(null as double) as quantity
    from sessions
),

dwell_seconds as (
    select
        {{ business_day('started_at') }} as date_on,
        channel,
        campaign_id,
        landing_path as content_id,
        cast(null as varchar) as member_id,
        dwell_seconds as quantity
    from sessions
),

persons_mailed as (
    select
        {{ business_day('sent_at') }} as date_on,
        'email' as channel,
        campaign_id,
        content_id,
        person_id as member_id,
        cast(null as double) as quantity
    from mails
    where person_id is not null
),

lead_to_sal_minutes as (
    select
        *,
        {{ business_day('created_at') }} as date_on,
        cast(null as varchar) as member_id,
        cast({{ minutes_between('created_at', 'sal_at') }} as double) as quantity
    from lifecycle
    where sal_at is not null
),

mql_to_sql_minutes as (
    select
        *,
        {{ business_day('mql_at') }} as date_on,
        cast(null as varchar) as member_id,
        cast({{ minutes_between('mql_at', 'sql_at') }} as double) as quantity
    from lifecycle
    where sql_at is not null
),

sales_cycle_days as (
    select
        *,
        {{ business_day('closed_at') }} as date_on,
        cast(null as varchar) as member_id,
        cast({{ minutes_between('created_at', 'closed_at') }} as double) / 1440 as quantity
    from opportunities
    where is_won and created_at is not null and closed_at is not null
),

final as (
    {% for measure, dimensions in kpi_observations().items() %}
    select
        '{{ measure }}' as measure,
        date_on,
        {{ kpi_dimension_values(dimensions) }},
        member_id,
        quantity
    from {{ measure }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final

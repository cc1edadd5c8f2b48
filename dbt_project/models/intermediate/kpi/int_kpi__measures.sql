{%- set measures = kpi_measures() -%}

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

costs as (
    select * from {{ ref('fct_costs') }}
),

counted_sessions as (
    select
        {{ business_day('started_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as sessions,
        count(*) filter (where is_converted) as converted_sessions
    from sessions
    group by all
),

-- Opens, clicks and unsubscribes count of delivered mails only; a click shows that the mail was opened.
counted_mails as (
    select
        {{ business_day('sent_at') }} as date_on,
        'email' as channel,
        campaign_id,
        count(*) as mails_sent,
        count(*) filter (where bounced_at is null) as mails_not_bounced,
        count(*) filter (where delivered_at is not null) as mails_delivered,
        count(*) filter (
            where delivered_at is not null and (first_opened_at is not null or first_clicked_at is not null)
        ) as mails_opened,
        count(*) filter (where delivered_at is not null and first_clicked_at is not null) as mails_clicked,
        count(*) filter (where delivered_at is not null and unsubscribed_at is not null) as mails_unsubscribed
    from mails
    group by all
),

counted_leads as (
    select
        {{ business_day('created_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as leads,
        count(*) filter (where is_valid_lead) as valid_leads,
        count(won_at) as leads_won
    from lifecycle
    group by all
),

counted_mqls as (
    select
        {{ business_day('mql_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as mql_reached,
        count(sql_at) as mql_with_sql,
        count(*) filter (where has_meeting_since_mql) as mql_with_meeting
    from lifecycle
    where mql_at is not null
    group by all
),

counted_sals as (
    select
        {{ business_day('sal_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as sal_reached
    from lifecycle
    where sal_at is not null
    group by all
),

counted_sqls as (
    select
        {{ business_day('sql_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as sql_reached
    from lifecycle
    where sql_at is not null
    group by all
),

counted_meetings as (
    select
        {{ business_day('meeting_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as first_meetings
    from lifecycle
    where meeting_at is not null
    group by all
),

created_opportunities as (
    select
        {{ business_day('created_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as opportunities_created
    from opportunities
    where created_at is not null
    group by all
),

closed_opportunities as (
    select
        {{ business_day('closed_at') }} as date_on,
        channel,
        campaign_id,
        count(*) as opportunities_closed,
        count(*) filter (where is_won) as opportunities_won,
        coalesce(sum(amount) filter (where is_won), 0) as won_amount
    from opportunities
    where closed_at is not null
    group by all
),

summed_costs as (
    select
        occurred_on as date_on,
        channel,
        campaign_id,
        sum(amount) as acquisition_cost
    from costs
    where is_acquisition
    group by all
),

measured as (
    {% for source, names in measures.items() %}
    {% set outer_loop = loop %}
    {% for name in names %}
    select
        '{{ name }}' as measure,
        date_on,
        channel,
        campaign_id,
        cast({{ name }} as decimal(38, 2)) as quantity
    from {{ source }}
    where {{ name }} != 0
    {{ 'union all' if not (loop.last and outer_loop.last) }}
    {% endfor %}
    {% endfor %}
),

final as (
    select
        measure,
        date_on,
        coalesce(channel, 'unattributed') as channel,
        coalesce(campaign_id, 'unattributed') as campaign_id,
        quantity
    from measured
)

select * from final

-- Each KPI as one row of parts a fact, rolled up over periods and dimensions (docs/definitions.md, 'KPIs').
create table facts as
select 'sessions' as kpi_id, business_day(started_at) as day, channel, campaign_id, 1::bigint as top, null::bigint as bottom
from truth.sessions
union all
select 'cvr', business_day(started_at), channel, campaign_id, is_converted::int, 1 from truth.sessions
union all
select 'new_leads', business_day(created_at), channel, campaign_id, 1, null from truth.journeys
union all
select 'valid_leads', business_day(created_at), channel, campaign_id, 1, null from truth.journeys where is_valid_lead
union all
select 'lead_win_rate', business_day(created_at), channel, campaign_id, (won_at is not null)::int, 1 from truth.journeys
union all
select 'email_sends', business_day(sent_at), 'email', campaign_id, 1, null from truth.messages
union all
select 'delivery_rate', business_day(sent_at), 'email', campaign_id, (bounced_at is null)::int, 1 from truth.messages
union all
select 'open_rate', business_day(sent_at), 'email', campaign_id, (coalesce(first_opened_at, first_clicked_at) is not null)::int, 1
from truth.messages
where bounced_at is null
union all
select 'click_rate', business_day(sent_at), 'email', campaign_id, (first_clicked_at is not null)::int, 1
from truth.messages
where bounced_at is null and coalesce(first_opened_at, first_clicked_at) is not null
union all
select 'unsubscribe_rate', business_day(sent_at), 'email', campaign_id, (unsubscribed_at is not null)::int, 1
from truth.messages
where bounced_at is null
union all
select 'mql', business_day(mql_at), channel, campaign_id, 1, null from truth.journeys where mql_at is not null
union all
select 'sal', business_day(sal_at), channel, campaign_id, 1, null from truth.journeys where sal_at is not null
union all
select 'sql', business_day(sql_at), channel, campaign_id, 1, null from truth.journeys where sql_at is not null
union all
select 'sql_rate', business_day(mql_at), channel, campaign_id, (sql_at is not null)::int, 1 from truth.journeys where mql_at is not null
union all
select 'meetings', business_day(meeting_at), channel, campaign_id, 1, null from truth.journeys where meeting_at is not null
union all
select 'meeting_rate', business_day(mql_at), channel, campaign_id, has_meeting_since_mql::int, 1
from truth.journeys
where mql_at is not null
union all
select 'opportunities', business_day(created_at), channel, campaign_id, 1, null from truth.opportunities
union all
select 'win_rate', business_day(closed_at), channel, campaign_id, is_won::int, 1 from truth.opportunities where is_closed
union all
select 'wins', business_day(closed_at), channel, campaign_id, 1, null from truth.opportunities where is_won
union all
select 'revenue', business_day(closed_at), channel, campaign_id, amount, null from truth.opportunities where is_won
union all
select 'cost', occurred_on, channel, campaign_id, amount, null from truth.costs where is_acquisition
union all
select 'cpa', occurred_on, channel, campaign_id, amount, 0 from truth.costs where is_acquisition
union all
select 'cpa', business_day(created_at), channel, campaign_id, 0, 1 from truth.journeys;

create table durations as
select 'median_form_to_sal_minutes' as kpi_id, business_day(created_at) as day, channel, campaign_id,
    (epoch_us(sal_at) - epoch_us(created_at)) / 60000000.0 as minutes
from truth.journeys
where sal_at is not null
union all
select 'median_mql_to_sql_minutes', business_day(mql_at), channel, campaign_id, (epoch_us(sql_at) - epoch_us(mql_at)) / 60000000.0
from truth.journeys
where sql_at is not null;

create macro in_periods(facts) as table
    select * exclude (day, channel, campaign_id, period, part), period.*, part.*
    from (
        select
            *,
            unnest([
                {'dimension': 'overall', 'dimension_value': 'all'},
                {'dimension': 'channel', 'dimension_value': channel},
                {'dimension': 'campaign', 'dimension_value': campaign_id}
            ]) as part
        from (
            select
                *,
                unnest([
                    {'period_grain': 'day', 'period_start': day},
                    {'period_grain': 'week', 'period_start': date_trunc('week', day)::date},
                    {'period_grain': 'month', 'period_start': date_trunc('month', day)::date}
                ]) as period
            from query_table(facts)
        )
    );

create table daily_facts as
select kpi_id, day, channel, campaign_id, sum(top)::bigint as top, sum(bottom)::bigint as bottom
from facts
group by all;

create table truth.kpi_values as
select
    kpi_id,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    sum(top)::double as numerator,
    sum(bottom)::double as denominator,
    case when sum(bottom) is null then sum(top)::double else sum(top)::double / nullif(sum(bottom), 0)::double end as value
from in_periods('daily_facts')
group by all
union all
select kpi_id, period_grain, period_start, dimension, dimension_value, null, count(*)::double, quantile_cont(minutes, 0.5)
from in_periods('durations')
group by all
order by all;

-- Each KPI over periods and dimensions (docs/definitions.md, 'KPIs').
create macro in_periods(facts) as table
    select * exclude (day, channel, campaign_id, content_id, segment, owner_id, conversion_point, period, part), period.*, part.*
    from (
        select
            *,
            unnest(list_filter(
                [
                    {'dimension': 'overall', 'dimension_value': 'all'},
                    {'dimension': 'channel', 'dimension_value': channel},
                    {'dimension': 'campaign', 'dimension_value': campaign_id},
                    {'dimension': 'content', 'dimension_value': content_id},
                    {'dimension': 'segment', 'dimension_value': segment},
                    {'dimension': 'owner', 'dimension_value': owner_id},
                    {'dimension': 'conversion_point', 'dimension_value': conversion_point},
                    {'dimension': 'channel_x_conversion_point', 'dimension_value': channel || ' × ' || conversion_point}
                ],
                lambda part: part.dimension_value is not null
            )) as part
        from (
            select
                *,
                unnest([
                    {'period_grain': 'day', 'period_start': day},
                    {'period_grain': 'week', 'period_start': date_trunc('week', day)::date},
                    {'period_grain': 'month', 'period_start': date_trunc('month', day)::date},
                    {'period_grain': 'quarter', 'period_start': date_trunc('quarter', day)::date}
                ]) as period
            from query_table(facts)
        )
    );

create table daily_facts as
select * exclude (top, bottom), sum(top) as top, sum(bottom) as bottom
from facts
group by all;

-- What neither adds up nor is a ratio: medians of `quantity`, numbers of different `member`.
create table observations as
select 'median_form_to_sal_minutes' as kpi_id, business_day(created_at) as day, channel, campaign_id, content_id, segment,
    owner_id, conversion_point, (epoch_us(sal_at) - epoch_us(created_at)) / 60000000.0 as quantity, null::varchar as member
from truth.journeys
where sal_at is not null
union all by name
select 'median_mql_to_sql_minutes' as kpi_id, business_day(mql_at) as day, channel, campaign_id, content_id, segment,
    owner_id, conversion_point,
    (epoch_us(sql_at) - epoch_us(mql_at)) / 60000000.0 as quantity
from truth.journeys
where sql_at is not null
union all by name
select 'median_sales_cycle_days' as kpi_id, business_day(closed_at) as day, channel, campaign_id, content_id, segment,
    owner_id, conversion_point,
    (epoch_us(closed_at) - epoch_us(created_at)) / 86400000000.0 as quantity
from truth.opportunities
where is_won
union all by name
select 'median_dwell_seconds' as kpi_id, business_day(started_at) as day, channel, campaign_id, landing_path as content_id,
    dwell_seconds as quantity
from truth.sessions
union all by name
select 'visitors' as kpi_id, business_day(started_at) as day, channel, campaign_id, landing_path as content_id, anonymous_id as member
from truth.sessions
union all by name
select 'email_list_size' as kpi_id, business_day(sent_at) as day, 'email' as channel, campaign_id, content_id, person_key::varchar as member
from truth.messages;

create table kpi_sums as
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
having sum(top) <> 0 or sum(bottom) <> 0;

create table truth.kpi_values as
select * from kpi_sums
union all
select
    kpi_id, period_grain, period_start, dimension, dimension_value,
    count(distinct member) filter (where member is not null)::double as numerator, null as denominator, numerator as value
from in_periods('observations')
where member is not null
group by all
union all
select kpi_id, period_grain, period_start, dimension, dimension_value, null, count(*)::double, quantile_cont(quantity, 0.5)
from in_periods('observations')
where quantity is not null
group by all
union all
-- By how much the cost of a customer fell since the period before.
select
    'cac_reduction', later.period_grain, later.period_start, later.dimension, later.dimension_value,
    earlier.value - later.value, earlier.value, (earlier.value - later.value) / nullif(earlier.value, 0)
from kpi_sums as later
inner join kpi_sums as earlier using (kpi_id, period_grain, dimension, dimension_value)
where later.kpi_id = 'cac' and later.value is not null and earlier.value is not null
    and earlier.period_start = (
        later.period_start - case later.period_grain
            when 'day' then interval 1 day when 'week' then interval 7 day when 'month' then interval 1 month else interval 3 month
        end
    )::date
order by all;

-- Opportunities: from converted leads, later ones of the same buyers, and of customers who never were leads.
create table buyers as
select lead_key * 10 as buyer_key, lead_key, person_key, converted_at as created_at
from sales_work
inner join sales_leads using (lead_key)
where converted_at is not null
union all
-- Customers of old stand in the CRM since before the first day.
select person_key * 100, null, person_key, getvariable('start_at') - interval 200 day
from people
where kind = 'customer';

create table opportunities as
with
begun as (
    select buyer_key * 10 as opportunity_key, buyer_key, lead_key, person_key, created_at
    from buyers
    where lead_key is not null
    union all
    select
        buyer_key * 10 + 1,
        buyer_key,
        null,
        person_key,
        whole_s(
            office_time(
                'further', buyer_key, greatest(created_at + interval 30 day, getvariable('start_at')), getvariable('end_at') + interval 30 day
            )
        )
    from buyers
    where u('further opportunity', buyer_key) < case when lead_key is null then 0.3 else 0.12 end
),
results as (
    select
        *,
        u('won', opportunity_key) < 0.32 as is_winner,
        -- Winners pass four stages before the last; losers leave after one to four.
        case when is_winner then 4 else 1 + floor(4 * u('lost after', opportunity_key))::int end as stages,
        lead_key is null and u('no history', opportunity_key) < 0.25 as is_without_history
    from begun
    where created_at < getvariable('end_at')
),
timed as (
    select
        *,
        whole_s(later(created_at, 86400 * between_numbers(1, 10, 'stage 2', opportunity_key))) as stage_2_at,
        whole_s(later(stage_2_at, 86400 * between_numbers(2, 16, 'stage 3', opportunity_key))) as stage_3_at,
        whole_s(later(stage_3_at, 86400 * between_numbers(2, 14, 'stage 4', opportunity_key))) as stage_4_at,
        whole_s(
            later(
                [created_at, stage_2_at, stage_3_at, stage_4_at][stages], 86400 * between_numbers(2, 14, 'close', opportunity_key)
            )
        ) as closes_at
    from results
)
select
    opportunity_key,
    salesforce_id('006', opportunity_key) as salesforce_id,
    buyer_key,
    lead_key,
    person_key,
    is_without_history,
    is_winner,
    -- Mostly whose lead it was; some are entered under the wrong name.
    case
        when owner_key is null then 1 + (buyer_key % 11)::int
        when u('wrong owner', opportunity_key) < 0.06 then 1 + (owner_key + 3) % 11
        else owner_key
    end as owner_key,
    timed.created_at,
    case when stages >= 2 then known(stage_2_at) end as stage_2_at,
    case when stages >= 3 then known(stage_3_at) end as stage_3_at,
    case when stages >= 4 then known(stage_4_at) end as stage_4_at,
    known(closes_at) as closed_at,
    business_day(closes_at) as close_on,
    (10000 * round(lognormal(180, 0.8, 'amount', opportunity_key)))::bigint as amount,
    (10000 * round(amount / 10000 * between_numbers(0.7, 1.5, 'first amount', opportunity_key)))::bigint as first_amount,
    u('contact named', opportunity_key) > 0.1 or lead_key is not null as is_contact_named,
    -- Some winners were given up, and negotiated the day after.
    case
        when u('deal reopened', opportunity_key) < 0.05 and is_winner and timed.stage_4_at > timed.stage_3_at + interval 1 day
            then known(timed.stage_4_at - interval 1 day)
    end as given_up_at
from timed
left join (select lead_key as owned_lead_key, owner_key from sales_leads) as owned on timed.lead_key = owned.owned_lead_key;

-- The stages each opportunity entered, in order; the CRM's history holds one row for each change.
create table opportunity_steps as
with
entered as (
    select opportunity_key, 'Prospecting' as stage, created_at as entered_at, 1 as step from opportunities
    union all
    select opportunity_key, 'Qualification', stage_2_at, 2 from opportunities where stage_2_at is not null
    union all
    select opportunity_key, 'Proposal', stage_3_at, 3 from opportunities where stage_3_at is not null
    union all
    select opportunity_key, 'Closed Lost', given_up_at, 4 from opportunities where given_up_at is not null
    union all
    select opportunity_key, 'Negotiation', stage_4_at, 5 from opportunities where stage_4_at is not null
    union all
    select opportunity_key, case when is_winner then 'Closed Won' else 'Closed Lost' end, closed_at, 6
    from opportunities
    where closed_at is not null
)
select *, lag(stage) over (partition by opportunity_key order by step) as former_stage
from entered
inner join (select opportunity_key from opportunities where not is_without_history) using (opportunity_key);

-- What sales does with each lead. Times that lie past the end have not happened.
create table sales_work as
with
outcomes as (
    select
        lead_key,
        is_recycled,
        created_at,
        coalesce(marked_at, created_at) as from_at,
        case
            when is_recycled then 'recycled'
            when u('tried', lead_key) > 0.92 then 'untouched'
            when u('outcome', lead_key) < 0.16 then 'unqualified'
            when u('outcome', lead_key) < 0.49 then 'qualified'
            when u('outcome', lead_key) < 0.51 then 'unrecorded'   -- converted without any BANT entry
            else 'working'
        end as outcome
    from sales_leads
    where is_in_crm
),
touched as (
    select
        *,
        case
            when outcome = 'untouched' then null
            -- A clock that runs behind puts the try before the mark.
            when u('clock skew', lead_key) < 0.04 and created_at < from_at - interval 20 second
                then whole_s(later(from_at, -between_numbers(2, 18, 'skewed by', lead_key)))
            when u('forgotten', lead_key) < 0.05 then whole_s(later(from_at, between_numbers(90000, 260000, 'try', lead_key)))
            else whole_s(later(from_at, lognormal(4500, 1.25, 'try', lead_key)))
        end as tried_at
    from outcomes
),
confirmed as (
    select
        *,
        case when outcome in ('qualified', 'working') and u('any bant', lead_key) < if(outcome = 'qualified', 1, 0.4)
            then whole_s(later(tried_at, 86400 * between_numbers(0.1, 5, 'first bant', lead_key))) end as bant_1_at,
        case when outcome = 'qualified' or (bant_1_at is not null and u('more bant', lead_key) < 0.2)
            then whole_s(later(bant_1_at, 86400 * between_numbers(0.01, 6, 'second bant', lead_key))) end as bant_2_at,
        case when outcome = 'qualified' and u('more bant', lead_key) < 0.5
            then whole_s(later(bant_2_at, 86400 * between_numbers(0.5, 6, 'third bant', lead_key))) end as bant_3_at,
        case
            when outcome = 'qualified' or (outcome = 'working' and bant_2_at is null and u('next step', lead_key) < 0.3)
                then whole_s(later(tried_at, 86400 * between_numbers(0.1, 9, 'next step', lead_key)))
        end as next_step_at
    from touched
)
select
    lead_key,
    outcome,
    from_at,
    -- Hand-offs that go wrong: nobody takes the lead out of the queue, or somebody accepts it and does nothing.
    outcome = 'untouched' and u('queue', lead_key) < 0.35 as is_in_queue,
    case when outcome = 'untouched' and not is_in_queue and u('accepted only', lead_key) < 0.4 then known(from_at + interval 2 hour) end
        as accepted_only_at,
    -- A lead that has long been silent is called once more.
    case when outcome in ('working', 'unqualified') and u('wake-up call', lead_key) < 0.35
            then known(whole_s(later(tried_at, 86400 * between_numbers(110, 200, 'wake-up call at', lead_key)))) end as woken_at,
    u('wakes up', lead_key) < 0.2 as is_awake,
    known(tried_at) as tried_at,
    known(bant_1_at) as bant_1_at,
    known(bant_2_at) as bant_2_at,
    known(bant_3_at) as bant_3_at,
    known(next_step_at) as next_step_at,
    (hash(lead_key) % 4)::int as first_bant,
    case when outcome = 'qualified' then known(greatest(bant_2_at, next_step_at) + interval 90 second) end as qualified_at,
    case when outcome = 'unqualified' then known(whole_s(later(tried_at, 86400 * between_numbers(0.1, 12, 'unqualified', lead_key)))) end
        as unqualified_at,
    case when outcome = 'recycled' then known(whole_s(later(tried_at, 86400 * between_numbers(20, 60, 'recycling', lead_key)))) end
        as recycled_at,
    case
        -- Some are converted before the paperwork: the opportunity then stands before SQL.
        when outcome = 'qualified' and u('converted', lead_key) < 0.04
            then known(whole_s(greatest(bant_1_at, next_step_at - interval 2 hour)))
        when outcome = 'qualified' and u('converted', lead_key) < 0.84
            then known(whole_s(later(greatest(bant_2_at, next_step_at), 86400 * between_numbers(0.01, 8, 'conversion', lead_key))))
        when outcome = 'unrecorded' then known(whole_s(later(tried_at, 86400 * between_numbers(2, 12, 'conversion', lead_key))))
    end as converted_at,
    case
        when outcome in ('qualified', 'unrecorded') and u('meeting', lead_key) < 0.58
            -- Who is hot is met within days.
            then whole_s(later(tried_at, 86400 * (0.3 + 13 * pow(u('meeting day', lead_key), 2))))
        when outcome = 'working' and u('meeting', lead_key) < 0.05
            then whole_s(later(tried_at, 86400 * between_numbers(2, 20, 'meeting', lead_key)))
    end as meeting_at,
    -- The rep tried but never moved the status on.
    outcome = 'working' and bant_1_at is null and u('status forgotten', lead_key) < 0.06 as is_status_forgotten
from confirmed;

with
micro_conversions as (
    select * from {{ ref('fct_micro_conversions') }}
),

definitions as (
    select * from {{ ref('dim_micro_conversion') }}
    where is_active
),

contacts as (
    select * from {{ ref('int_activation__contacts') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

won_opportunities as (
    select * from {{ ref('fct_opportunities') }}
    where is_won
),

-- A company buys, not a person: colleagues of whoever bought are customers too, and so is who bought without a journey.
customers as (
    select person_id
    from lifecycle
    where won_at is not null
    union
    select person_id
    from won_opportunities
    where person_id is not null
    union
    select persons.person_id
    from persons
    inner join won_opportunities
        on persons.account_id = won_opportunities.account_id
),

final as (
    select
        micro_conversions.mcv_id,
        contacts.person_id,
        contacts.email,
        contacts.phone,
        max(micro_conversions.reached_at) as reached_at
    from micro_conversions
    inner join definitions
        on micro_conversions.mcv_id = definitions.mcv_id
    inner join contacts
        on micro_conversions.person_id = contacts.person_id
    left join customers
        on contacts.person_id = customers.person_id
    -- Whoever converted, or bought, needs no reminder.
    where
        micro_conversions.converted_at is null
        and customers.person_id is null
        and micro_conversions.reached_at >= {{ dbt.dateadd('day', '-definitions.window_days', as_of()) }}
    group by micro_conversions.mcv_id, contacts.person_id, contacts.email, contacts.phone
)

select * from final

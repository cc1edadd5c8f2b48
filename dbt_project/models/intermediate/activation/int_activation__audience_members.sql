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

customers as (
    select distinct person_id
    from lifecycle
    where won_at is not null
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

with
accounts as (
    select * from {{ ref('int_canonical__accounts') }}
),

account_of_node as (
    select * from {{ ref('int_identity__accounts') }}
),

record_person as (
    select * from {{ ref('record_person') }}
),

persons as (
    select * from {{ ref('int_canonical__persons') }}
),

target_definition as (
    select * from {{ ref('target_definition') }}
),

-- What tools say of an account: its own records first, then what people's records say of their employer.
statements as (
    select
        account_of_node.account_id,
        '1' as precedence,
        accounts.record_key,
        accounts.account_name,
        accounts.industry,
        accounts.employees,
        accounts.annual_revenue,
        accounts.region,
        accounts.corporate_number
    from accounts
    inner join account_of_node
        on accounts.record_key = account_of_node.node_key

    union all by name

    select
        record_person.account_id,
        '2' as precedence,
        persons.record_key,
        persons.company_name as account_name,
        persons.industry,
        persons.employees,
        persons.region
    from persons
    inner join record_person
        on
            persons.source_system = record_person.source_system
            and persons.record_type = record_person.record_type
            and persons.record_id = record_person.record_id
    where record_person.account_id is not null
),

described as (
    select
        account_id,
        arg_min(account_name, (precedence, record_key)) filter (where account_name is not null) as account_name,
        arg_min(industry, (precedence, record_key)) filter (where industry is not null) as industry,
        arg_min(employees, (precedence, record_key)) filter (where employees is not null) as employees,
        arg_min(annual_revenue, (precedence, record_key)) filter (where annual_revenue is not null) as annual_revenue,
        arg_min(region, (precedence, record_key)) filter (where region is not null) as region,
        arg_min(corporate_number, (precedence, record_key)) filter (where corporate_number is not null) as corporate_number,
        count(*) filter (where precedence = '1') as record_count
    from statements
    group by account_id
),

-- Rows of one attribute and operator are alternatives; every attribute must be met.
fits as (
    select
        described.account_id,
        target_definition.attribute,
        target_definition.operator,
        bool_or(coalesce(
            case target_definition.operator
                when 'in'
                    then case target_definition.attribute
                        when 'industry' then lower(described.industry)
                        when 'region' then lower(described.region)
                    end = lower(target_definition.value)
                when 'at_least' then described.employees >= try_cast(target_definition.value as bigint)
                when 'at_most' then described.employees <= try_cast(target_definition.value as bigint)
            end,
            false
        )) as is_met
    from described
    cross join target_definition
    group by described.account_id, target_definition.attribute, target_definition.operator
),

targets as (
    select account_id, bool_and(is_met) as is_target
    from fits
    group by account_id
),

known_accounts as (
    select distinct account_id, account_key
    from account_of_node
),

final as (
    select
        known_accounts.account_id,
        -- Without any name, a business domain is the name; a CRM record without one stays nameless.
        coalesce(described.account_name, {{ extracted('known_accounts.account_key', '^domain[|](.*)$') }})
            as account_name,
        described.industry,
        case
            when described.employees < 10 then '1-9'
            when described.employees < 50 then '10-49'
            when described.employees < 100 then '50-99'
            when described.employees < 300 then '100-299'
            when described.employees < 1000 then '300-999'
            when described.employees < 5000 then '1000-4999'
            when described.employees >= 5000 then '5000+'
        end as employee_band,
        described.region,
        coalesce(targets.is_target, false) as is_target,
        described.employees,
        described.annual_revenue,
        described.corporate_number,
        coalesce(described.record_count, 0) as record_count
    from known_accounts
    left join described
        on known_accounts.account_id = described.account_id
    left join targets
        on known_accounts.account_id = targets.account_id
)

select * from final

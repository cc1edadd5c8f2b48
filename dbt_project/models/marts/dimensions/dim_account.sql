with
accounts as (
    select * from {{ ref('int_canonical__accounts') }}
),

account_of_node as (
    select * from {{ ref('int_identity__accounts') }}
),

account_parents as (
    select * from {{ ref('int_identity__account_parents') }}
),

record_accounts as (
    select * from {{ ref('int_identity__record_accounts') }}
),

persons as (
    select * from {{ ref('int_canonical__persons') }}
),

corporate_numbers as (
    select * from {{ ref('int_identity__corporate_numbers') }}
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
        coalesce(corporate_numbers.valid_number, accounts.corporate_number) as corporate_number
    from accounts
    inner join account_of_node
        on accounts.record_key = account_of_node.node_key
    left join corporate_numbers
        on accounts.corporate_number = corporate_numbers.corporate_number

    union all by name

    select
        record_accounts.account_id,
        '2' as precedence,
        persons.record_key,
        persons.company_name as account_name,
        persons.industry,
        persons.employees,
        persons.region
    from persons
    inner join record_accounts
        on persons.record_key = record_accounts.record_key
    where record_accounts.account_id is not null
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

known_accounts as (
    select distinct account_id, account_key
    from account_of_node
),

criteria as (
    select
        known_accounts.account_id,
        target_definition.attribute,
        target_definition.operator,
        target_definition.value as wanted,
        case target_definition.attribute
            when 'industry' then lower(described.industry)
            when 'region' then lower(described.region)
            when 'employees' then cast(described.employees as {{ dbt.type_string() }})
            when 'annual_revenue' then cast(described.annual_revenue as {{ dbt.type_string() }})
        end as found
    from known_accounts
    left join described
        on known_accounts.account_id = described.account_id
    cross join target_definition
),

-- Rows of one attribute and operator are alternatives.
judged as (
    select
        account_id,
        attribute,
        bool_or(
            case operator
                when 'in' then found = lower(wanted)
                when 'at_least' then try_cast(found as decimal(18, 2)) >= try_cast(wanted as decimal(18, 2))
                when 'at_most' then try_cast(found as decimal(18, 2)) <= try_cast(wanted as decimal(18, 2))
            end
        ) as is_met
    from criteria
    group by account_id, attribute, operator
),

-- Every attribute must be met; an unknown one is no fit, but no proof of the contrary either.
fits as (
    select
        account_id,
        bool_and(coalesce(is_met, false)) as is_target,
        string_agg(distinct attribute, ', ' order by attribute) filter (where not is_met) as target_gaps,
        string_agg(distinct attribute, ', ' order by attribute) filter (where is_met is null) as target_unknowns
    from judged
    group by account_id
),

final as (
    select
        known_accounts.account_id,
        -- Without any name, a business domain is the name; a CRM record without one stays nameless.
        coalesce(described.account_name, {{ extracted('known_accounts.account_key', '^domain[|](.*)$') }})
            as account_name,
        account_parents.parent_account_id,
        coalesce(account_parents.ultimate_parent_account_id, known_accounts.account_id) as ultimate_parent_account_id,
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
        coalesce(fits.is_target, false) as is_target,
        fits.target_gaps,
        fits.target_unknowns,
        described.employees,
        described.annual_revenue,
        described.corporate_number,
        coalesce(described.record_count, 0) as record_count
    from known_accounts
    left join described
        on known_accounts.account_id = described.account_id
    left join account_parents
        on known_accounts.account_id = account_parents.account_id
    left join fits
        on known_accounts.account_id = fits.account_id
)

select * from final
